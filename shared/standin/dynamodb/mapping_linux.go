package dynamodb

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// maxResident is how much of the mapped file may count as the process's memory, looked at once a second.
const maxResident = 320 << 20

// trimMapping gives the mapping's pages back to the system's cache when they are many.
func (s *store) trimMapping() {
	statm, err := os.ReadFile("/proc/self/statm")
	if fields := bytes.Fields(statm); err == nil && len(fields) > 2 {
		shared, _ := strconv.Atoi(string(fields[2])) // pages backed by files
		if shared*os.Getpagesize() > maxResident {
			s.releaseMapping()
		}
	}
}

// releaseMapping lets go of the mapped file's pages. They stay in the system's cache and come back when they are touched; what
// changes is that they do not count as this process's memory.
func (s *store) releaseMapping() {
	s.mu.RLock()
	defer s.mu.RUnlock()
	info, err := os.Stat(s.db.Path())
	// Past its first size the mapping moves, and its old place may be someone else's memory.
	if err != nil || s.failed != nil || info.Size() >= int64(initialMapping) {
		return
	}
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, s.db.Info().Data, uintptr(info.Size()), syscall.MADV_DONTNEED)
}
