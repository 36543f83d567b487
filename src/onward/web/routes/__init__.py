"""The pages, one module per tab; `mount.ROUTE_MODULES` lists them."""
