//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/userops/userops/shared/standin/dynamodb"
)

// serve is the child: the stand-in, or the stand-in until "freeze" and canned replies from then on.
func serve(kind, path, address string, lag time.Duration) error {
	engine, err := dynamodb.Open(dynamodb.Options{Path: path, TTLLag: lag})
	if err != nil {
		return err
	}
	var handler http.Handler = engine
	frozen := &frozen{engine: engine}
	if kind == "canned" {
		handler = frozen
	}
	mux := http.NewServeMux()
	mux.Handle("/", handler)
	mux.HandleFunc("/control/freeze", func(http.ResponseWriter, *http.Request) { frozen.on.Store(true) })
	mux.HandleFunc("/control/usage", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(ownUsage()) })
	mux.HandleFunc("/control/profile/start", func(_ http.ResponseWriter, r *http.Request) {
		if f, err := os.Create(r.FormValue("file")); err == nil {
			_ = pprof.StartCPUProfile(f)
		}
	})
	mux.HandleFunc("/control/profile/stop", func(http.ResponseWriter, *http.Request) { pprof.StopCPUProfile() })
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	server := &http.Server{Handler: mux}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	go func() {
		<-stop
		_ = server.Close()
	}()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return engine.Close()
}

// frozen answers each operation with the answer it got first.
type frozen struct {
	engine  *dynamodb.Engine
	on      atomic.Bool
	answers sync.Map // target: []byte
}

func (f *frozen) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !f.on.Load() {
		f.engine.ServeHTTP(w, r)
		return
	}
	target := r.Header.Get("X-Amz-Target")
	known, ok := f.answers.Load(target)
	if !ok {
		rec := httptest.NewRecorder()
		f.engine.ServeHTTP(rec, r)
		known, _ = f.answers.LoadOrStore(target, rec.Body.Bytes())
	} else {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	body := known.([]byte)
	h := w.Header()
	h["Content-Type"] = []string{"application/x-amz-json-1.0"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	h["X-Amz-Crc32"] = []string{strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10)}
	_, _ = w.Write(body)
}

// usage is what a server has consumed so far.
type usage struct {
	CPU time.Duration
	RSS int64 // bytes, 0 where the system does not tell
}

func ownUsage() usage {
	var u usage
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) == nil {
		u.CPU = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			u.RSS = kb << 10
		}
	}
	return u
}

// child is a server process as its parent sees it.
type child struct {
	cmd      *exec.Cmd
	endpoint string
	client   *client
}

func start(kind, path string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "-child", kind, "-path", path)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(pipe).ReadString('\n')
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, fmt.Errorf("starting %s: %w", kind, err)
	}
	c := &child{cmd: cmd, endpoint: "http://" + strings.TrimSpace(line)}
	c.client = newClient(c.endpoint)
	return c, nil
}

func (c *child) stop() {
	_ = c.cmd.Process.Signal(os.Interrupt)
	_ = c.cmd.Wait()
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

func (c *child) control(what string) error {
	r, err := http.Get(c.endpoint + "/control/" + what)
	if err != nil {
		return err
	}
	return r.Body.Close()
}

func (c *child) usage() usage {
	var u usage
	r, err := http.Get(c.endpoint + "/control/usage")
	if err != nil {
		return u
	}
	defer func() { _ = r.Body.Close() }()
	_ = json.NewDecoder(r.Body).Decode(&u)
	return u
}
