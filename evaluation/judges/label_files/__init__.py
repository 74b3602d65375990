"""Files with people's labels of tutor replies, a file here for each format."""
