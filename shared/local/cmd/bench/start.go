package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/local"
)

// starts tells how long each program takes from its start to its first answer, against a function that only loads the SDK. The two take
// turns, and the median of the pairs counts, so that a busy machine slows both down.
const pairs = 15

// firstEvents are what the functions answer first: a request that they serve, or a batch with nothing in it. They reach their tables and
// queues for it where they would on AWS.
var firstEvents = map[string]string{
	"ingest": "events/ingest/batch.json", "member": "events/member/get-profile.json", "console": "events/console/get-segments.json",
	"pages": "events/pages/get-door.json",
}

func starts(all figures) error {
	names, err := programs(filepath.Join("build", "local"))
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	empty := filepath.Join(folder, "empty")
	if _, err := output("go", "build", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", empty, "./shared/local/cmd/bench/empty"); err != nil {
		return err
	}
	stack, err := local.Start(context.Background(), local.Options{TemplatePath: "template.yaml", StackName: "bench", BuildDir: filepath.Join("build", "local"), NoIntake: true})
	if err != nil {
		return err
	}
	defer func() { _ = stack.Stop(context.Background()) }()
	for _, name := range names {
		f, ok := stack.Template().Function(name)
		if !ok {
			return fmt.Errorf("the template has no function %s", name)
		}
		event := []byte(`{"Records":[]}`)
		if path := firstEvents[name]; path != "" {
			if event, err = os.ReadFile(filepath.FromSlash(path)); err != nil {
				return err
			}
		}
		env := stack.Environment(f)
		env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = fmt.Sprint(f.MemoryMB)
		var ratios, took []float64
		for i := range pairs + 1 {
			ours, err := firstAnswer(filepath.Join("build", "local", name, "bootstrap"), env, event)
			if err != nil {
				return fmt.Errorf("starting %s: %w", name, err)
			}
			theirs, err := firstAnswer(empty, env, []byte("{}"))
			if err != nil {
				return fmt.Errorf("starting the empty function: %w", err)
			}
			if i > 0 { // the first pair reads the programs from disk
				ratios = append(ratios, ours.Seconds()/theirs.Seconds())
				took = append(took, ours.Seconds()*1e3)
			}
		}
		all.set("coldstart."+name+".ratio", "1", median(ratios))
		all.set("coldstart."+name+".ms", "ms", median(took))
	}
	return nil
}

// firstAnswer starts a program, hands it an event over the Runtime API, and tells how long it took until it answered.
func firstAnswer(program string, env map[string]string, event []byte) (time.Duration, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	answered := make(chan error, 1)
	handed := false
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/invocation/next") && !handed:
			handed = true
			h := w.Header()
			h.Set("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
			h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:bench")
			_, _ = w.Write(event)
		case strings.HasSuffix(r.URL.Path, "/response"):
			answered <- nil
			w.WriteHeader(http.StatusAccepted)
		case strings.HasSuffix(r.URL.Path, "/error"):
			answered <- fmt.Errorf("it answered with an error at %s", r.URL.Path)
			w.WriteHeader(http.StatusAccepted)
		default:
			<-r.Context().Done()
		}
	})}
	go func() { _ = server.Serve(l) }()
	defer func() { _ = server.Close() }()

	c := exec.Command(program)
	c.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + l.Addr().String()}
	for name, value := range env {
		c.Env = append(c.Env, name+"="+value)
	}
	began := time.Now()
	if err := c.Start(); err != nil {
		return 0, err
	}
	defer func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	}()
	select {
	case err := <-answered:
		return time.Since(began), err
	case <-time.After(20 * time.Second):
		return 0, fmt.Errorf("no answer after 20 s")
	}
}

func median(of []float64) float64 {
	sorted := slices.SortedFunc(slices.Values(of), cmp.Compare[float64])
	return sorted[len(sorted)/2]
}
