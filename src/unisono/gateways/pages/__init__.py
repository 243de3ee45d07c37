"""The door for browsers that come with an address alone: the demo page, and the browser SDK to include."""
