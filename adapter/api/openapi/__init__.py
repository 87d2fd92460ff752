"""The OpenAPI 3.1 document of the JSON interface, and the page that shows it."""
