"""The demo page and the browser SDK as files, built from sdk/typescript when the package is (hatch_build.py)."""
