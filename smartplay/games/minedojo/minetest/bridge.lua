-- The bridge between Minetest and its Python engine: answers one command after the other.
--
-- Commands are lines in the FIFO "commands", answers go to the FIFO "replies", both in the world's
-- folder. An answer is a line "ok LENGTH" and LENGTH bytes. When "commands" is closed, the server
-- shuts down. All coordinates here are Minetest's: z grows to the north.

local world = minetest.get_worldpath()
local char, concat = string.char, table.concat

-- Schematics draw from a generator without a seed: make each of their nodes certain or absent.
local function certain(probability)
	return (probability or 255) >= 127 and 255 or 0
end

local function settle(decoration)
	if decoration.deco_type ~= "schematic" then
		return decoration
	end
	local schematic = minetest.read_schematic(decoration.schematic, {})
	for _, node in ipairs(schematic.data) do
		node.prob = certain(node.prob)
	end
	for _, slice in ipairs(schematic.yslice_prob or {}) do
		slice.prob = certain(slice.prob)
	end
	decoration.schematic = schematic
	return decoration
end

-- What is placed depends on the order of registration, and the keys of decorations without a name
-- are drawn at random: order by what a decoration is.
local function rank(decoration)
	local noise = decoration.noise_params or {}
	local parts = {decoration.name or "", minetest.serialize(decoration.decoration),
		minetest.serialize(decoration.place_on), noise.seed or "", decoration.y_max or ""}
	for i, part in ipairs(parts) do
		parts[i] = tostring(part)
	end
	return concat(parts, "|")
end

minetest.register_on_mods_loaded(function()
	local decorations = {}
	for _, decoration in pairs(minetest.registered_decorations) do
		decorations[#decorations + 1] = decoration
	end
	table.sort(decorations, function(a, b) return rank(a) < rank(b) end)
	minetest.clear_registered_decorations()
	for _, decoration in ipairs(decorations) do
		minetest.register_decoration(settle(decoration))
	end
end)

-- The biome of every column, as the map generator notes it for the surface of each chunk.
local biome_maps = {}

minetest.register_on_generated(function(low, high)
	local map = minetest.get_mapgen_object("biomemap")
	if map then
		biome_maps[low.x .. "," .. low.y .. "," .. low.z] = map
	end
end)

local CHUNK, CHUNK_SHIFT = 80, 32

local function chunk_start(place)
	return math.floor((place + CHUNK_SHIFT) / CHUNK) * CHUNK - CHUNK_SHIFT
end

local function biome_at(x, y, z)
	local low_x, low_y, low_z = chunk_start(x), chunk_start(y), chunk_start(z)
	local map = biome_maps[low_x .. "," .. low_y .. "," .. low_z]
	return map and map[(z - low_z) * CHUNK + (x - low_x) + 1] or 0
end

-- The land's level before rivers and mountains, from the noises of map generator v7.
local function noise_settings(name)
	return minetest.get_mapgen_setting_noiseparams("mgv7_np_" .. name)
end

local noises

local function land_level(x, z)
	if not noises then
		noises = {
			select = minetest.get_perlin(noise_settings("height_select")),
			persist = minetest.get_perlin(noise_settings("terrain_persist")),
			base = noise_settings("terrain_base"),
			alt = noise_settings("terrain_alt"),
		}
	end
	local place = {x = x, y = z}
	local share = math.max(0, math.min(1, noises.select:get_2d(place)))
	local persist = noises.persist:get_2d(place)
	noises.base.persist, noises.alt.persist = persist, persist
	local base = minetest.get_perlin(noises.base):get_2d(place)
	local alt = minetest.get_perlin(noises.alt):get_2d(place)
	return alt > base and alt or base * share + alt * (1 - share)
end

local commands, replies
local busy = false

local function answer(payload)
	replies:write("ok ", #payload, "\n", payload)
	replies:flush()
	busy = false
end

local actions = {}

-- biomes: a line "NUMBER NAME" for each.
function actions.biomes()
	local lines = {}
	for name in pairs(minetest.registered_biomes) do
		lines[#lines + 1] = minetest.get_biome_id(name) .. " " .. name
	end
	table.sort(lines)
	answer(concat(lines, "\n"))
end

-- survey X Z GRID COUNT: "BIOME,LEVEL" for COUNT x COUNT places from (X, Z) on, x outermost.
function actions.survey(x0, z0, grid, count)
	local found = {}
	for i = 0, count - 1 do
		for j = 0, count - 1 do
			local x, z = x0 + i * grid, z0 + j * grid
			local level = land_level(x, z)
			local data = minetest.get_biome_data({x = x, y = math.max(8, math.floor(level)), z = z})
			found[#found + 1] = (data and data.biome or 0) .. "," .. math.floor(level)
		end
	end
	answer(concat(found, " "))
end

local buffer = {}

-- The nodes of columns as runs of two bytes (length, number in the list of names), upwards, then
-- a byte per column for the biome of its ground.
local function pack(low, high)
	local voxels = VoxelManip(low, high)
	local from, to = voxels:get_emerged_area()
	local area = VoxelArea:new({MinEdge = from, MaxEdge = to})
	local data = voxels:get_data(buffer)
	local names, number_of, runs = {}, {}, {}
	local stride = area.ystride
	for x = low.x, high.x do
		for z = low.z, high.z do
			local index, length, last = area:index(x, low.y, z), 0, nil
			for y = low.y, high.y do
				local content = data[index]
				if content == last then
					length = length + 1
				else
					if last then
						runs[#runs + 1] = char(length, number_of[last])
					end
					if not number_of[content] then
						names[#names + 1] = minetest.get_name_from_content_id(content)
						number_of[content] = #names - 1
					end
					last, length = content, 1
				end
				index = index + stride
			end
			runs[#runs + 1] = char(length, number_of[last])
		end
	end
	return names, concat(runs)
end

local function biomes_of(low, high, layers)
	local list = {}
	for x = low.x, high.x do
		for z = low.z, high.z do
			local biome = 0
			for _, y in ipairs(layers) do
				local there = biome_at(x, y, z)
				if there ~= 0 and biome == 0 then
					biome = there
				end
			end
			list[#list + 1] = char(biome % 256)
		end
	end
	return concat(list)
end

local function send_region(low, high, layers)
	local names, runs = pack(low, high)
	answer(concat(names, " ") .. "\n" .. #runs .. "\n" .. runs .. biomes_of(low, high, layers))
end

-- Whether anything reaches up to the topmost nodes of a box.
local function reaches_top(low, high)
	local from = {x = low.x, y = high.y - 3, z = low.z}
	return #minetest.find_nodes_in_area(from, high, {"air"}) < 4 * (high.x - low.x + 1) ^ 2
end

local function emerged(low, high, action)
	minetest.emerge_area(low, high, function(_, _, left)
		if left == 0 then
			action()
		end
	end)
end

-- region X Z SIZE LOW SEAM HIGH: the nodes of SIZE x SIZE columns from y = LOW up to SEAM, or to
-- HIGH where the land reaches up to the seam, above which the next layer of chunks begins.
function actions.region(x, z, size, low_y, seam_y, high_y)
	local low = {x = x, y = low_y, z = z}
	local seam = {x = x + size - 1, y = seam_y, z = z + size - 1}
	local high = {x = seam.x, y = high_y, z = seam.z}
	emerged(low, seam, function()
		if not reaches_top(low, seam) then
			send_region(low, seam, {low_y})
		else
			emerged(low, high, function()
				send_region(low, high, {high_y, low_y})
			end)
		end
	end)
end

-- The first answer says that the server runs.
local function open_pipes()
	replies = io.open(world .. "/replies", "wb")
	busy = true
	answer("ready")
	commands = io.open(world .. "/commands", "rb")
end

local closing = false

minetest.register_globalstep(function()
	if closing then
		return
	end
	if not commands then
		open_pipes()
	end
	while not busy do
		local line = commands:read("*l")
		if not line then
			closing = true
			minetest.request_shutdown("the game has ended")
			return
		end
		local words = {}
		for word in line:gmatch("%S+") do
			words[#words + 1] = tonumber(word) or word
		end
		busy = true
		actions[words[1]](unpack(words, 2))
	end
end)
