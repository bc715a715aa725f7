"""What pages of HTML share: graphs as pictures, a palette, and numbers as people read them. Knows no report and no store."""
