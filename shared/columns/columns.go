// Package columns is the files of the archive: the events of one day of a shop and one shard of its people, column by column, so that a question reads only what it asks.
// It writes and reads bytes and knows no store, and of what a question is only what package fold wants read. The surprising thing: a file holds no event as it was, and
// gives back every event byte by byte. The values of properties, traits and context are taken out of their JSON into columns, and what is left of the JSON is a column too.
package columns

// Version is the first byte of a file behind its mark. What is in a file of a version never changes its meaning; another layout takes another number.
const Version = 1

// mark is what every file begins and ends with.
const mark = "uocl"

// Bounds of a file. What is read beyond them is no file.
const (
	maxBlockEvents = 16 << 10 // a question holds a block of each day at once
	maxBlockBytes  = 8 << 20  // of events as they are in memory, the last one apart
	maxEvent       = 1 << 20
	maxValues      = 8 << 20 // of a column in a block: an event may have a thousand lines
	maxPlain       = 64 << 20
	maxIndex       = 64 << 20
	maxPaths       = 300 // columns of values that a part has in a block
	leastValues    = 4   // that a path has which gets a column
	rareShare      = 512 // a path of fewer than one in so many events gets none
	maxMade        = 100_000
	maxMadeName    = 512
)
