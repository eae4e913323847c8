package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// shared is a folder in memory where there is one.
func shared() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return os.TempDir()
}

// change is one text in a file that is another in the overlay. It must be there exactly once.
type change struct{ file, old, new string }

// runtimeChanges take chance out of Go's runtime.
var runtimeChanges = []change{
	{"runtime/rand.go", "seed[i%len(seed)] ^= c\n", "seed[i%len(seed)] ^= c&0 + 7\n"},
	{"runtime/rand.go", "//go:nosplit\n//go:linkname rand\nfunc rand() uint64 {\n", "//go:nosplit\n//go:linkname rand\nfunc rand() uint64 {\n" +
		"\tif globalRand.init {\n\t\tsequence += 0x9e3779b97f4a7c15\n\t\tx := sequence\n\t\tx = (x ^ x>>30) * 0xbf58476d1ce4e5b9\n" +
		"\t\tx = (x ^ x>>27) * 0x94d049bb133111eb\n\t\treturn x ^ x>>31\n\t}\n"},
	{"runtime/rand.go", "var readRandomFailed bool\n", "var readRandomFailed bool\n\nvar sequence uint64\n"},
	{"runtime/rand.go", "mp.cheaprand = rand()", "mp.cheaprand = 1"},
	{"runtime/rand.go", "func maps_rand() uint64 {\n\treturn rand()", "func maps_rand() uint64 {\n\treturn 0x9e3779b97f4a7c15"},
	{"runtime/rand.go", "func rand32() uint32 {\n\treturn uint32(rand())", "func rand32() uint32 {\n\treturn 0x9e3779b9"},
	// A lock may be held while a call is under way: who waits for it waits for virtual time.
	{"runtime/runtime2.go", "waitReasonSyncCondWait:          true,\n", "waitReasonSyncCondWait:          true,\n\twaitReasonSyncMutexLock: true,\n" +
		"\twaitReasonSyncRWMutexRLock: true,\n\twaitReasonSyncRWMutexLock: true,\n"},
	{"internal/sync/mutex.go", "\tstarvationThresholdNs = 1e6\n", "\tstarvationThresholdNs = 1e18\n"}, // nobody waits longer for a lock by the machine's clock
	{"runtime/select.go", "j := cheaprandn(uint32(norder + 1))", "j := uint32(norder)"},
	{"runtime/time.go", "t.rand = cheaprand()", "t.rand = 0"},
	// Random names of temporary folders are drawn from the same numbers as the ids of messages, again and again while another seed's has the name.
	{"os/tempfile.go", "uint64(uint32(runtime_rand()))", "temporary()"},
	{"os/tempfile.go", "func nextRandom() string {\n", "var temporaries uint64\n\nfunc temporary() uint64 {\n\ttemporaries++\n\treturn uint64(Getpid())<<20 + temporaries\n}\n\n" +
		"func nextRandom() string {\n"},
	// Who runs after whom is not for the machine's load to decide: nobody is interrupted after ten milliseconds or within a system call of a seed's
	// process, and no goroutine is taken from the far end of the queue every 61st time.
	{"runtime/proc.go", "func retake(now int64) uint32 {\n", "func retake(now int64) uint32 {\n\tif debug.asyncpreemptoff != 0 {\n\t\treturn 0\n\t}\n"},
	{"runtime/proc.go", "if pp.schedtick%61 == 0 && !sched.runq.empty() {", "if pp.schedtick%61 == 0 && !sched.runq.empty() && debug.asyncpreemptoff == 0 {"},
}

// goSource is where Go's own packages are.
func goSource() (string, error) {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("asking for GOROOT: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(goroot)), "src"), nil
}

// overlayOf writes changed copies of files below root, and the overlay that names them beside those that it has already.
func overlayOf(work, root string, changes []change, replace map[string]string) (string, error) {
	texts := map[string]string{}
	for _, c := range changes {
		text, known := texts[c.file]
		if !known {
			body, err := os.ReadFile(filepath.Join(root, c.file))
			if err != nil {
				return "", err
			}
			text = string(body)
		}
		if n := strings.Count(text, c.old); n != 1 {
			return "", fmt.Errorf("%s: %q is there %d times, not once", c.file, c.old, n)
		}
		texts[c.file] = strings.Replace(text, c.old, c.new, 1)
	}
	return layOver(work, root, texts, replace)
}

// layOver writes files that are to stand for those below root, and the overlay that names them beside those that it has already.
func layOver(work, root string, texts, replace map[string]string) (string, error) {
	for file, text := range texts {
		copied := filepath.Join(work, strings.ReplaceAll(file, "/", "_")+".txt") // no Go file, or it would be built with the project
		if err := os.WriteFile(copied, []byte(text), 0o644); err != nil {
			return "", err
		}
		replace[filepath.Join(root, file)] = copied
	}
	body, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(work, "overlay.json")
	return file, os.WriteFile(file, body, 0o644)
}
