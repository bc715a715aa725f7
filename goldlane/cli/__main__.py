"""``python -m goldlane.cli``."""

from goldlane.cli import main

if __name__ == "__main__":
    main()
