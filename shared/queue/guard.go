package queue

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// panicked is the error that Guard makes of a panic.
type panicked struct{ text string }

func (p panicked) Error() string { return p.text }

// Guard calls f and turns a panic into an error that holds the stack, but not the panic's value unless the runtime made it.
func Guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			what := fmt.Sprintf("%T", r)
			if e, ok := r.(runtime.Error); ok {
				what = e.Error()
			}
			err = panicked{fmt.Sprintf("panic: %s\n%s", what, debug.Stack())}
		}
	}()
	return f()
}
