"""What the use cases need from outside, with the promises each part must keep."""
