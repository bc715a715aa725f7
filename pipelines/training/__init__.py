"""What the training of a model does outside of Spark."""
