"""The real engine: a Minetest server, from the packages of the distribution."""
