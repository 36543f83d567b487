"""The pages, a module for each tab; `mounting.ROUTES` lists them."""
