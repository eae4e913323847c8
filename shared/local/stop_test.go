package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/standin/lambda"
	"github.com/userops/userops/shared/standin/sam"
)

// A stop lets what has begun come to its end, and nothing that was accepted is lost by it.
func TestStopFinishesWhatHasBegun(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	slow := func(env map[string]string) (lambda.Handler, error) {
		h, err := take(env)
		return func(ctx context.Context, event []byte) ([]byte, error) {
			close(entered)
			<-release
			return h(ctx, event)
		}, err
	}
	dir := t.TempDir()
	o := Options{TemplatePath: "testdata/counter.yaml", DataDir: dir, Handlers: map[string]func(map[string]string) (lambda.Handler, error){"take": slow, "count": tally}}
	s, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	type answer struct {
		status int
		body   string
	}
	answers := make(chan answer, 1)
	go func() {
		status, body := request(t, s, "POST", "/orders/late")
		answers <- answer{status, body}
	}()
	<-entered
	stopped := make(chan struct{})
	go func() {
		stop(t, s)
		close(stopped)
	}()
	await(t, func() bool {
		resp, err := http.Get(s.Addresses().Gateway + "/local/usage")
		if err == nil {
			_ = resp.Body.Close()
		}
		return err != nil
	})
	close(release)
	if a := <-answers; a.status != 202 {
		t.Errorf("the request that had begun got %d %s", a.status, a.body)
	}
	<-stopped
	again := stack(t, Options{DataDir: dir})
	idle(t, again)
	if n := counted(t, again, "late"); n != "1" {
		t.Errorf("%s counted, want 1", n)
	}
}

// An event of a schedule that a program is busy with at a stop is finished too.
func TestStopWaitsForPrograms(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	gate := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(entered)
		<-release
	}))
	defer gate.Close()
	dir := t.TempDir()
	s := stack(t, Options{DataDir: dir, BuildDir: programs(t)})
	if err := s.host.Enqueue("local-Count", []byte(`{"kind":"late","wait":"`+gate.URL+`"}`)); err != nil {
		t.Fatal(err)
	}
	<-entered
	stopped := make(chan struct{})
	go func() {
		stop(t, s)
		close(stopped)
	}()
	select {
	case <-stopped:
		t.Error("it stopped under the function's feet")
	case <-time.After(100 * time.Millisecond):
	}
	close(release)
	<-stopped
	if n := counted(t, stack(t, Options{DataDir: dir}), "late"); n != "1" {
		t.Errorf("%s counted, want 1", n)
	}
}

// A process of an earlier start, which may outlive its stack for a moment, has no rights; a developer's own keys have all.
func TestKeysOfEarlierStarts(t *testing.T) {
	s := stack(t, Options{NoIntake: true})
	for key, allowed := range map[string]bool{"LAMBDALOCALTAKE17ABCD": false, "AKIAIOSFODNN7EXAMPLE": true, "dummy": true} {
		c := awsdynamodb.NewFromConfig(s.client(key, "x"), func(o *awsdynamodb.Options) { o.BaseEndpoint = aws.String(s.addresses.DynamoDB) })
		_, err := c.ListTables(context.Background(), &awsdynamodb.ListTablesInput{})
		if (err == nil) != allowed || !allowed && !strings.Contains(err.Error(), "AccessDenied") {
			t.Errorf("%s: %v, want allowed %v", key, err, allowed)
		}
	}
}

func TestSchedulesKeepTheirOrigin(t *testing.T) {
	dir := t.TempDir()
	begin := time.Date(2026, 11, 21, 8, 30, 0, 500, time.UTC)
	for i, c := range []struct {
		expression string
		after      time.Duration
		want       time.Time
	}{
		{"rate(1 day)", 0, begin}, {"rate(1 day)", time.Hour, begin}, {"rate(2 days)", 2 * time.Hour, begin.Add(2 * time.Hour)}, {"rate(2 days)", 3 * time.Hour, begin.Add(2 * time.Hour)},
	} {
		f, err := openFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.origin(sam.Schedule{Name: "s", Expression: c.expression}, begin.Add(c.after)); !got.Equal(c.want) {
			t.Errorf("start %d: %v, want %v", i, got, c.want)
		}
		if err := errors.Join(f.save(), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// killed runs a stack for the test below until somebody kills it.
func killed(dir string) {
	s, err := Start(context.Background(), Options{TemplatePath: "testdata/counter.yaml", Handlers: functions, DataDir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.Addresses().Gateway)
	select {}
}

// Every order that was accepted before kill -9 is counted after a start, without any help.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	accepted := 0
	for range 2 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "KILLED_STACK="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		gateway, err := bufio.NewReader(out).ReadString('\n')
		if err != nil || !strings.HasPrefix(gateway, "http://") {
			t.Fatalf("%q %v", gateway, err)
		}
		s := &Stack{addresses: Addresses{Gateway: strings.TrimSpace(gateway)}}
		for range 40 {
			if status, _ := request(t, s, "POST", "/orders/tea"); status == 202 {
				accepted++
			}
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
	}
	// What was in flight is hidden for five seconds more: the next start is later than that.
	clock := newClock()
	clock.set(time.Now().Add(10 * time.Second))
	s := stack(t, Options{DataDir: dir, Clock: clock.now})
	idle(t, s)
	n, err := strconv.Atoi(counted(t, s, "tea"))
	if err != nil || accepted != 80 || n < accepted {
		t.Errorf("%d counted of %d accepted (%v)", n, accepted, err)
	}
}
