package simulation

import (
	"math"
	"time"
)

// hash is a number that follows from the seed and the names alone.
func hash(seed uint64, names ...string) uint64 {
	h := seed ^ 0x9e3779b97f4a7c15
	for _, name := range names {
		for i := range len(name) {
			h = (h ^ uint64(name[i])) * 0x100000001b3
		}
		h = scramble(h + 0x632be59bd9b4e019)
	}
	return scramble(h)
}

func scramble(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// share is a number from 0 to below 1.
func share(h uint64) float64 { return float64(h>>11) / (1 << 53) }

// dice is a sequence of numbers that follows from a hash.
type dice struct{ state uint64 }

func (d *dice) next() uint64 {
	d.state += 0x9e3779b97f4a7c15
	return scramble(d.state)
}

// name is a number that tells things apart. It uses up no chance: the next draw is what it would have been.
func (d *dice) name() uint32 { return uint32(hash(d.state, "name")) }

func (d *dice) share() float64            { return share(d.next()) }
func (d *dice) below(n int) int           { return int(d.next() % uint64(n)) }
func (d *dice) between(low, high int) int { return low + d.below(high-low+1) }
func (d *dice) happens(p float64) bool    { return d.share() < p }

// pause is a time between two bounds, small ones as likely as large ones, to the nanosecond: no two are the same.
func (d *dice) pause(low, high time.Duration) time.Duration {
	return time.Duration(float64(low) * math.Pow(float64(high)/float64(low), d.share()))
}

func one[T any](d *dice, list ...T) T { return list[d.below(len(list))] }
