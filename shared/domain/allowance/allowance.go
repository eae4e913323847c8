// Package allowance bounds how often something is done, in the memory of one instance: it costs no write, and n instances do it n times as often. The surprising thing: there is no timer. A bucket fills
// when it is asked.
package allowance

import "time"

// Bucket holds tokens as of At, as many as Burst, and gets Rate of them a second; below zero is a debt.
type Bucket struct {
	Tokens, Rate, Burst float64
	At                  time.Time
}

// Full is a bucket of a bound that nobody sets: so many at once, then one a span.
func Full(burst float64, span time.Duration, now time.Time) Bucket {
	return Bucket{Tokens: burst, Rate: 1 / span.Seconds(), Burst: burst, At: now}
}

// Fill adds what the time since At brings. A clock that goes back brings nothing.
func (b *Bucket) Fill(now time.Time) {
	if passed := now.Sub(b.At); passed > 0 {
		b.Earn(passed.Seconds() * b.Rate)
		b.At = now
	}
}

// Earn adds tokens, up to Burst.
func (b *Bucket) Earn(tokens float64) { b.Tokens = min(b.Tokens+tokens, b.Burst) }

// Spend takes one token, if there is one.
func (b *Bucket) Spend(now time.Time) bool {
	if b.Fill(now); b.Tokens < 1 {
		return false
	}
	b.Tokens--
	return true
}
