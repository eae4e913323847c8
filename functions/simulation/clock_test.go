package simulation

import "syscall"

// realNow is the machine's own clock in seconds, which a bubble does not show.
func realNow() float64 {
	var t syscall.Timeval
	if syscall.Gettimeofday(&t) != nil {
		return 0
	}
	return float64(t.Sec) + float64(t.Usec)/1e6
}
