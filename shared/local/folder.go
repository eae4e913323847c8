package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/standin/pagefile"
	"github.com/userops/userops/shared/standin/sam"
)

// folderVersion is the layout of the data folder: which files there are, and what stack.json holds.
const folderVersion = 1

// folder is where a stack keeps its data. Without a path it keeps nothing.
type folder struct {
	path  string
	lock  *os.File
	state folderState
	used  bool // before this start
}

type folderState struct {
	Version   int                      `json:"version"`
	Schedules map[string]scheduleState `json:"schedules"`
	Stores    []string                 `json:"stores,omitempty"` // files that hold what is kept; none where an older program wrote this
}

// scheduleState remembers since when a schedule is as it is: on AWS a rate counts from there, and a restart must not make it begin anew.
type scheduleState struct {
	Expression string    `json:"expression"`
	Since      time.Time `json:"since"`
}

const stateFile = "stack.json"

// The files of the stores. The journal is part of the tables: it holds the last writes.
const (
	tablesFile  = "dynamodb.db"
	journalFile = tablesFile + ".journal"
	queuesFile  = "sqs.db"
)

// objectsFolder holds the objects of buckets, a file each.
const objectsFolder = "s3"

// secretsFile holds parameters by name, as somebody has written them; the stack only reads it.
const secretsFile = "secrets.json"

// expect refuses a folder that has kept a store and lost a file of it, which would otherwise begin anew.
func (f *folder) expect(files ...string) error {
	if f.path == "" {
		return nil
	}
	for _, name := range files {
		if f.used && (f.state.Stores == nil || slices.Contains(f.state.Stores, name)) {
			info, err := os.Stat(f.file(name))
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return fmt.Errorf("%s is missing, and %s tells that there was one; restore it, or choose another folder with DATA=", f.file(name), stateFile)
			case err != nil:
				return fmt.Errorf("%s cannot be read (%s); restore it, or choose another folder with DATA=", f.file(name), pathCause(err))
			case info.Size() == 0:
				return fmt.Errorf("%s is empty, and %s tells that it was not; restore it, or choose another folder with DATA=", f.file(name), stateFile)
			}
		}
	}
	return nil
}

// keeps remembers the files of stores that have been opened.
func (f *folder) keeps(files ...string) {
	for _, name := range files {
		if !slices.Contains(f.state.Stores, name) {
			f.state.Stores = append(f.state.Stores, name)
		}
	}
}

// checkFree says early that another stack runs on the folder; it makes nothing.
func checkFree(path string) error {
	if path == "" {
		return nil
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = lock.Close() }()
	if lockFile(lock) != nil {
		return inUse(path)
	}
	return nil
}

func inUse(path string) error {
	owner, _ := os.ReadFile(filepath.Join(path, "lock"))
	return fmt.Errorf("a stack on the data folder %s already runs as process %s; stop that one, or choose another with DATA=", path, strings.TrimSpace(string(owner)))
}

func openFolder(path string) (*folder, error) {
	f := &folder{path: path, state: folderState{Version: folderVersion, Schedules: map[string]scheduleState{}}}
	if path == "" {
		return f, nil
	}
	if err := f.readState(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder %s cannot be made (%s); choose another with DATA=", path, pathCause(err))
	}
	if f.used {
		// One of an older program is open to others on the machine. Whose folder it is may be somebody else, who has to see to that.
		_ = os.Chmod(path, 0o700)
	}
	var err error
	if f.lock, err = os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, fmt.Errorf("the data folder %s cannot be written (%s); choose another with DATA=", path, pathCause(err))
	}
	if err := lockFile(f.lock); err != nil {
		_ = f.lock.Close()
		return nil, inUse(path)
	}
	_ = f.lock.Truncate(0)
	_, _ = f.lock.WriteAt([]byte(fmt.Sprintln(os.Getpid())), 0)
	return f, nil
}

func (f *folder) readState() error {
	data, err := os.ReadFile(filepath.Join(f.path, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the data folder %s cannot be read (%s); choose another with DATA=", f.path, pathCause(err))
	}
	f.used = true
	var version struct{ Version int }
	if err := json.Unmarshal(data, &version); err != nil {
		return fmt.Errorf("%s is damaged (%v); move it away to go on with the tables and queues beside it", filepath.Join(f.path, stateFile), err)
	}
	if version.Version > folderVersion {
		return fmt.Errorf("the data folder %s is of version %d, and this program knows %d; use a newer program, or another folder with DATA=", f.path, version.Version, folderVersion)
	}
	if err := json.Unmarshal(data, &f.state); err != nil {
		return fmt.Errorf("%s is damaged (%v); move it away to go on with the tables and queues beside it", filepath.Join(f.path, stateFile), err)
	}
	if f.state.Schedules == nil {
		f.state.Schedules = map[string]scheduleState{}
	}
	return nil
}

func pathCause(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// file is the path of a file in the folder, or "" when nothing is kept.
func (f *folder) file(name string) string {
	if f.path == "" {
		return ""
	}
	return filepath.Join(f.path, name)
}

// origin is since when a schedule is as it is.
func (f *folder) origin(x sam.Schedule, now time.Time) time.Time {
	if had, ok := f.state.Schedules[x.Name]; ok && had.Expression == x.Expression {
		return had.Since
	}
	f.state.Schedules[x.Name] = scheduleState{x.Expression, now.UTC()}
	return f.state.Schedules[x.Name].Since
}

func (f *folder) save() error { return f.write(stateFile, f.state) }

func (f *folder) saveAddresses(a Addresses) error { return f.write("addresses.json", a) }

func (f *folder) write(name string, v any) error {
	if f.path == "" {
		return nil
	}
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	// Renamed into place, so that a crash leaves the old one or the new one.
	path := f.file(name)
	if err := os.WriteFile(path+".new", append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// unopened is why a store of the folder could not be opened, and what to do.
func (f *folder) unopened(what string, err error) error {
	var damage *pagefile.Damage
	if errors.As(err, &damage) {
		return fmt.Errorf("%w; restore it, or choose another folder with DATA=", damage)
	}
	return fmt.Errorf("opening the %s in %s: %w", what, f.path, err)
}

// Close gives the folder free.
func (f *folder) Close() error {
	if f.lock == nil {
		return nil
	}
	_ = os.Remove(f.file("addresses.json"))
	return f.lock.Close()
}

// ReadAddresses tells where the stack that keeps its data in the folder is reached. The error says what to do.
func ReadAddresses(dataDir string) (Addresses, error) {
	var a Addresses
	data, err := os.ReadFile(filepath.Join(dataDir, "addresses.json"))
	if err != nil {
		return a, fmt.Errorf("no stack runs on the data folder %s; start one with `make run`", dataDir)
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return a, fmt.Errorf("reading %s: %w", filepath.Join(dataDir, "addresses.json"), err)
	}
	return a, nil
}
