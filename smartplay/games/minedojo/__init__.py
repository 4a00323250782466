"""Finding a biome in a world of blocks, on three engines.

`env` is the game, `text` puts it into words, `protocol` is what an engine must do. The engines are
`voxel` (embedded, the default), `minetest` (the Minetest server) and `minedojo_engine` (MineDojo).
"""
