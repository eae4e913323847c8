package dynamodb

import (
	"math/bits"
	"runtime"
)

// initialMapping is the address space the file is mapped into. On Windows a mapping makes the file as large.
var initialMapping = func() int {
	if runtime.GOOS == "windows" || bits.UintSize < 64 {
		return 0
	}
	return 8 << 30
}()
