//go:build unix

package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/websocket"
)

// Page is one in a browser of its own, without a window, which a test drives and listens to by the DevTools protocol. It ends with the test, and tells its story if that has
// failed: what it asked, what it was answered, what it and the browser said.
type Page struct {
	t       *testing.T
	socket  *websocket.Conn
	session string
	story   *story

	mu       sync.Mutex
	last     int
	answers  map[int]chan json.RawMessage
	loads    chan struct{}
	faults   []string
	requests []string
}

// pageWait bounds how long a test waits for something in a page. It is for what never comes: a busy machine needs a minute for what takes a second.
const pageWait = 2 * time.Minute

// Open starts a browser with an empty page of a size in CSS pixels.
func Open(t *testing.T, chromium string, width, height int) *Page {
	t.Helper()
	home, err := os.MkdirTemp("", "browser")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	run := exec.CommandContext(ctx, chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
		"--user-data-dir="+home, "--remote-debugging-port=0", "--remote-allow-origins=*", fmt.Sprintf("--window-size=%d,%d", width, height), "about:blank")
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGKILL) }
	told, err := run.StderrPipe()
	if err == nil {
		err = run.Start()
	}
	if err != nil {
		cancel()
		t.Fatalf("the browser does not start: %v", err)
	}
	p := &Page{t: t, answers: map[int]chan json.RawMessage{}, loads: make(chan struct{}, 100), story: &story{begun: time.Now()}}
	// Some of the browser's processes outlive the first and still write, so the folder goes as far as it can.
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the page of %d by %d:\n%s", width, height, p.story)
		}
		cancel()
		_ = run.Wait()
		_ = os.RemoveAll(home)
	})
	address := ""
	lines := bufio.NewScanner(told)
	for address == "" && lines.Scan() {
		p.story.tell("browser: %s", lines.Text())
		_, address, _ = strings.Cut(lines.Text(), "DevTools listening on ")
	}
	go func() {
		for lines.Scan() {
			if !strings.Contains(lines.Text(), "/dbus/") && !strings.Contains(lines.Text(), ":dbus/") { // a machine without a desktop has none
				p.story.tell("browser: %s", lines.Text())
			}
		}
	}()
	if p.socket, err = websocket.Dial(address, "", "http://127.0.0.1/"); err != nil {
		t.Fatalf("the browser at %q: %v", address, err)
	}
	p.socket.MaxPayloadBytes = 64 << 20
	go p.listen()
	var target struct{ TargetID string }
	p.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	p.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	p.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network", "Inspector"} {
		p.call(domain+".enable", nil, nil)
	}
	p.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	p.call("Emulation.setScrollbarsHidden", map[string]any{"hidden": true}, nil) // they would take of the width
	return p
}

// order is what the browser is told, and reply what it says: an answer by its id, or what has happened.
type order struct {
	ID        int    `json:"id"`
	SessionID string `json:"sessionId,omitempty"`
	Method    string `json:"method"`
	Params    any    `json:"params"`
}

type reply struct {
	ID             int
	Method         string
	Params, Result json.RawMessage
	Error          *struct{ Message string }
}

func (p *Page) listen() {
	for {
		var m reply
		if websocket.JSON.Receive(p.socket, &m) != nil {
			return // the browser is gone
		}
		if m.ID == 0 {
			p.happened(m.Method, m.Params)
			continue
		}
		p.mu.Lock()
		answer := p.answers[m.ID]
		delete(p.answers, m.ID)
		if m.Error != nil {
			p.faults = append(p.faults, "devtools: "+m.Error.Message)
		}
		p.mu.Unlock()
		answer <- m.Result
	}
}

// happened keeps what a test may ask for: loads, requests, and whatever a developer would see in red.
func (p *Page) happened(method string, params json.RawMessage) {
	var e struct {
		Type      string
		Args      []struct{ Value, Description any }
		Entry     struct{ Level, Source, Text, URL string }
		RequestID string
		Request   struct{ Method, URL string }
		Response  struct{ Status int }
		ErrorText string
		Details   struct {
			Text      string
			Exception struct{ Description string }
		} `json:"exceptionDetails"`
	}
	if json.Unmarshal(params, &e) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	fault := func(format string, arguments ...any) {
		p.story.tell(format, arguments...)
		p.faults = append(p.faults, fmt.Sprintf(format, arguments...))
	}
	switch method {
	case "Page.loadEventFired":
		p.story.tell("loaded")
		select {
		case p.loads <- struct{}{}:
		default:
		}
	case "Network.requestWillBeSent":
		p.story.tell("%s asks %s %.200s", e.RequestID, e.Request.Method, e.Request.URL)
		p.requests = append(p.requests, e.Request.URL)
	case "Network.responseReceived":
		p.story.tell("%s is answered %d", e.RequestID, e.Response.Status)
	case "Network.loadingFailed":
		p.story.tell("%s fails: %s", e.RequestID, e.ErrorText)
	case "Inspector.targetCrashed":
		p.story.tell("the page has crashed")
	case "Runtime.exceptionThrown":
		fault("exception: %s %s", e.Details.Text, e.Details.Exception.Description)
	case "Runtime.consoleAPICalled":
		if e.Type == "error" || e.Type == "warning" {
			fault("console %s: %v", e.Type, e.Args)
		} else {
			p.story.tell("console %s: %v", e.Type, e.Args)
		}
	case "Log.entryAdded":
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			fault("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	}
}

func (p *Page) call(method string, params any, out any) {
	p.t.Helper()
	answer := make(chan json.RawMessage, 1)
	p.mu.Lock()
	p.last++
	id := p.last
	p.answers[id] = answer
	p.mu.Unlock()
	if params == nil {
		params = struct{}{}
	}
	if err := websocket.JSON.Send(p.socket, order{ID: id, SessionID: p.session, Method: method, Params: params}); err != nil {
		p.t.Fatalf("%s: %v", method, err)
	}
	select {
	case result := <-answer:
		if len(result) == 0 {
			p.t.Fatalf("%s: %v", method, p.Faults())
		}
		if out != nil && json.Unmarshal(result, out) != nil {
			p.t.Fatalf("%s answered %s", method, result)
		}
	case <-time.After(pageWait):
		p.t.Fatalf("%s is not answered", method)
	}
}

// Faults are what has gone wrong since it was asked last: errors of the console, of scripts, and violations of a policy.
func (p *Page) Faults() (faults []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	faults, p.faults = p.faults, nil
	return faults
}

// Requests are the addresses that the browser has asked so far.
func (p *Page) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.requests...)
}

// Do carries out what leads to another page, and waits until that is there.
func (p *Page) Do(what func()) {
	p.t.Helper()
	for len(p.loads) > 0 {
		<-p.loads
	}
	what()
	select {
	case <-p.loads:
	case <-time.After(pageWait):
		p.t.Fatalf("no page has come: %s", p.Text())
	}
}

// Visit goes to an address.
func (p *Page) Visit(address string) {
	p.t.Helper()
	p.Do(func() { p.call("Page.navigate", map[string]any{"url": address}, nil) })
}

// Eval is the value of an expression in the page, which a promise may have.
func (p *Page) Eval(script string, out any) {
	p.t.Helper()
	var answer struct {
		Result  struct{ Value json.RawMessage }
		Details *struct {
			Text      string
			Exception struct{ Description string }
		} `json:"exceptionDetails"`
	}
	p.call("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true, "awaitPromise": true}, &answer)
	if answer.Details != nil {
		p.t.Fatalf("%s: %s %s", script, answer.Details.Text, answer.Details.Exception.Description)
	}
	if out != nil && json.Unmarshal(answer.Result.Value, out) != nil {
		p.t.Fatalf("%s is %s", script, answer.Result.Value)
	}
}

// Text is what the page shows.
func (p *Page) Text() (text string) {
	p.t.Helper()
	p.Eval("document.body.innerText", &text)
	return text
}

// Type puts a text into a field, as somebody types it.
func (p *Page) Type(selector, text string) {
	p.t.Helper()
	p.Eval(fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.focus(); e.value = ""; })()`, selector), nil)
	p.call("Input.insertText", map[string]any{"text": text}, nil)
}

// Press clicks what a selector finds.
func (p *Page) Press(selector string) {
	p.t.Helper()
	p.Eval(fmt.Sprintf(`document.querySelector(%q).click()`, selector), nil)
}

// Shot is a picture of the page as PNG, in base64.
func (p *Page) Shot() string {
	p.t.Helper()
	var picture struct{ Data string }
	p.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &picture)
	return picture.Data
}
