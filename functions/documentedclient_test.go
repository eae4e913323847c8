package functions

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/functiontest/client"
)

// documentedPerson is who the examples of docs/events.md speak of.
const documentedPerson = "u-1001"

// documentedClients are the examples of docs/events.md in a language of their own, by heading: how each is run, and whether it is a page's, which says that somebody has
// looked at a product, or a back end's, which reports an order.
var documentedClients = map[string]struct {
	run  func(t *testing.T, m *machine, text string)
	page bool
}{
	"Script tag":                {inPage, true},
	"Module":                    {bundled, true},
	"RudderStack's script tag":  {inPage, true},
	"RudderStack's module":      {bundled, true},
	"WeChat mini-program 微信小程序": {inMiniProgram, true},
	"Node":                      {inNode, false},
	"Python":                    {by("python3", "send.py"), false},
	"Go":                        {by("go", "send.go", "run"), false},
	"Java":                      {by("java", "Send.java"), false},
	"PHP":                       {by("php", "send.php"), false},
}

// TestDocumentedClients runs the examples of docs/events.md as they stand there, each against a stack of its own, and looks at what has become of them.
func TestDocumentedClients(t *testing.T) {
	client.Needs(t)
	found := map[string]bool{}
	for _, b := range blocks(t, "docs/events.md") {
		if slices.Contains([]string{"sh", "json", "console"}, b.language) || b.heading == "A form in a page" || b.heading == deviceHeading {
			continue // TestDocumentedCalls, TestDocumentedForm, TestDocumentedDevice
		}
		one, known := documentedClients[b.heading]
		if !known || found[b.heading] {
			t.Errorf("no test runs the %s of %q", b.language, b.heading)
			continue
		}
		found[b.heading] = true
		t.Run(b.heading, func(t *testing.T) {
			t.Parallel()
			m := demoMachine(t)
			one.run(t, m, m.here(b.text))
			if one.page {
				m.sawTheTea()
			} else {
				m.hasTheOrder()
			}
		})
	}
	for heading := range documentedClients {
		if !found[heading] {
			t.Errorf("docs/events.md has no example %q", heading)
		}
	}
}

// TestTheDocumentedVersionIsTheTestedOne: a page says which version of a client to install, and tests run that one.
func TestTheDocumentedVersionIsTheTestedOne(t *testing.T) {
	tested := client.Clients()
	for _, page := range []string{"docs/events.md", "docs/zh/events.md"} {
		found := regexp.MustCompile(`npm install (@[^@\s]+@[\d.]+\d)`).FindAllStringSubmatch(content(t, page), -1)
		if len(found) == 0 {
			t.Errorf("%s names no version", page)
		}
		for _, one := range found {
			if !slices.Contains(tested, one[1]) {
				t.Errorf("%s names %s, tested are %v", page, one[1], tested)
			}
		}
	}
}

// documentedProfile is what the examples say of the person.
type documentedProfile struct {
	IDs    []struct{ Kind, Value string }
	Traits map[string]any
	Orders struct {
		Count   int
		Revenue []struct {
			Amount   int64
			Currency string
		}
	}
}

// sawTheTea waits until the person is known by the device and the name, and has looked at the tea once, whichever of it came first.
func (m *machine) sawTheTea() {
	m.t.Helper()
	var last string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-time.After(100 * time.Millisecond) {
		var who documentedProfile
		var timeline struct {
			Items []struct {
				Event      string
				Properties map[string]any
			}
		}
		if status, text := m.ask("GET", "/v1/profiles/"+documentedPerson, "demo-server-key", ""); status != http.StatusOK {
			last = string(text)
			continue
		}
		last = m.call(http.StatusOK, "GET", "/v1/profiles/"+documentedPerson, "demo-server-key", "", &who)
		last += m.call(http.StatusOK, "GET", "/v1/profiles/"+documentedPerson+"/events", "demo-server-key", "", &timeline)
		views := 0
		for _, e := range timeline.Items {
			if e.Event == "Product Viewed" && e.Properties["product_id"] == "tea-1" && e.Properties["category"] == "tea" {
				views++
			}
		}
		device := slices.ContainsFunc(who.IDs, func(id struct{ Kind, Value string }) bool { return id.Kind == "anonymous" })
		if views == 1 && device && who.Traits["name"] == "Mei" {
			return
		}
	}
	m.t.Fatalf("the person is\n%s", last)
}

// hasTheOrder: what a back end has sent before it ended is an order, once all is done.
func (m *machine) hasTheOrder() {
	m.t.Helper()
	m.idle()
	var who documentedProfile
	text := m.call(http.StatusOK, "GET", "/v1/profiles/"+documentedPerson, "demo-server-key", "", &who)
	if who.Orders.Count != 1 || len(who.Orders.Revenue) != 1 || who.Orders.Revenue[0].Amount != 12850 || who.Orders.Revenue[0].Currency != "CNY" {
		m.t.Errorf("the person is %s", text)
	}
}

// by runs an example as a file of the name, with a program.
func by(program, name string, arguments ...string) func(*testing.T, *machine, string) {
	return func(t *testing.T, _ *machine, text string) {
		folder := t.TempDir()
		arguments := append(slices.Clone(arguments), name)
		warns(t, text, func(text string) string {
			write(t, filepath.Join(folder, name), text)
			return run(t, folder, "", program, arguments...)
		})
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// inNode runs a module that imports public clients.
func inNode(t *testing.T, _ *machine, text string) {
	folder := t.TempDir()
	if err := os.Symlink(filepath.Join(client.Installed(t), "node_modules"), filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	warns(t, text, func(text string) string {
		write(t, filepath.Join(folder, "send.mjs"), text)
		return run(t, folder, "", "node", "send.mjs")
	})
}

// warns runs what a back end sends as it stands, which is silent, and with a name that is nearly the standard one, of which it prints the warning.
func warns(t *testing.T, text string, send func(text string) (printed string)) {
	t.Helper()
	if printed := send(text); printed != "" {
		t.Errorf("a good order is answered %s", printed)
	}
	misspelt := strings.NewReplacer("Order Completed", "order_completed", "order-A-1", "order-A-2").Replace(text)
	if printed := send(misspelt); !strings.Contains(printed, "counts otherwise:") || !strings.Contains(printed, "is no standard name: did you mean") {
		t.Errorf("a misspelt name is answered %q", printed)
	}
}

// inMiniProgram runs a script that finds wx, and loses the first answer.
func inMiniProgram(t *testing.T, m *machine, text string) {
	wx, err := filepath.Abs(filepath.Join("..", "shared", "functiontest", "client", "testdata", "wx.cjs"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	write(t, filepath.Join(folder, "app.js"), text)
	if out := run(t, folder, "", "node", wx, filepath.Join(folder, "app.js")); out != "200\n" {
		t.Errorf("after the lost answer the requests were answered %q", out)
	}
	m.idle() // so that what counts twice has done so
}

// scripts are the public clients under the names by which the documented pages have them.
func scripts(t *testing.T) *http.ServeMux {
	t.Helper()
	modules := filepath.Join(client.Installed(t), "node_modules")
	mux := http.NewServeMux()
	mux.Handle("GET /js/", http.StripPrefix("/js/", http.FileServer(http.Dir(filepath.Join(modules, "@segment", "analytics-next", "dist", "umd")))))
	mux.HandleFunc("GET /js/rudder.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(modules, "@rudderstack", "analytics-js", "dist", "npm", "modern", "bundled", "umd", "index.js"))
	})
	return mux
}

// inPage shows a page of a shop to a browser. The shop's origin is not that of the stack.
func inPage(t *testing.T, _ *machine, text string) { browse(t, scripts(t), text) }

func browse(t *testing.T, mux *http.ServeMux, text string) {
	t.Helper()
	chromium := client.Chromium(t)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, "<!doctype html>\n<title>Tea shop</title>\n%s", text)
	})
	shop := httptest.NewServer(mux)
	t.Cleanup(shop.Close)
	client.Browse(t, chromium, shop.URL+"/")
}

// bundled makes a page's script of a module, as a shop's build does, and shows the page to a browser.
func bundled(t *testing.T, _ *machine, text string) {
	client.Chromium(t)
	modules := filepath.Join(client.Installed(t), "node_modules")
	folder := t.TempDir()
	if err := os.Symlink(modules, filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "shop.js"), text)
	run(t, folder, "", "node", filepath.Join(modules, "esbuild", "bin", "esbuild"), "shop.js", "--bundle", "--outfile=bundle.js", "--log-level=warning")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /bundle.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, filepath.Join(folder, "bundle.js")) })
	browse(t, mux, `<script src="/bundle.js"></script>`)
}

// TestDocumentedForm fills in and sends the form of docs/events.md in a page that has the script tag of there: whoever has the address is asked to confirm it.
func TestDocumentedForm(t *testing.T) {
	client.Chromium(t)
	var tag, form string
	for _, b := range blocks(t, "docs/events.md") {
		switch {
		case b.heading == "Script tag":
			tag, _, _ = strings.Cut(b.text, "<script>\n  // Only on pages") // nobody has signed in
		case b.heading == "A form in a page" && b.language == "html":
			form = b.text
		}
	}
	m := demoMachine(t)
	browse(t, scripts(t), m.here(tag+form)+`<script>
  const waiting = setInterval(() => {
    if (typeof analytics.identify !== "function") return
    clearInterval(waiting)
    document.querySelector("#news [name=email]").value = "li@example.com"
    document.getElementById("news").requestSubmit()
  }, 20)
</script>`)
	var last string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-time.After(100 * time.Millisecond) {
		if last = m.call(http.StatusOK, "GET", "/local/inbox.json", "", "", nil); strings.Contains(last, "li@example.com") && strings.Contains(last, "/v1/confirm/") {
			return
		}
	}
	t.Fatalf("the inbox has %s", last)
}

const deviceHeading = "The id of a device"

// TestDocumentedDevice shows pages with the tags and the scripts of docs/events.md: the shop's back end is told the id under which the stack knows the device.
func TestDocumentedDevice(t *testing.T) {
	client.Chromium(t)
	tags := []string{"Script tag", "RudderStack's script tag"}
	texts := map[string]string{}
	var scriptsOf []string
	for _, b := range blocks(t, "docs/events.md") {
		if texts[b.heading] = b.text; b.heading == deviceHeading {
			scriptsOf = append(scriptsOf, b.text)
		}
	}
	if len(scriptsOf) != len(tags) {
		t.Fatalf("%d scripts", len(scriptsOf))
	}
	for i, tag := range tags {
		t.Run(tag, func(t *testing.T) {
			t.Parallel()
			m, shop, told := demoMachine(t), scripts(t), make(chan string, 1)
			shop.HandleFunc("POST /device", func(_ http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				told <- string(body)
			})
			browse(t, shop, m.here(texts[tag]+scriptsOf[i]))
			m.sawTheTea()
			var who documentedProfile
			m.call(http.StatusOK, "GET", "/v1/profiles/"+documentedPerson, "demo-server-key", "", &who)
			select {
			case id := <-told:
				if !slices.Contains(who.IDs, struct{ Kind, Value string }{"anonymous", id}) {
					t.Errorf("the back end is told of %q, the stack knows %v", id, who.IDs)
				}
			case <-time.After(patience):
				t.Error("the back end is told nothing")
			}
		})
	}
}

// documentedRefusals are the calls of docs/events.md that are not answered 2xx as they stand there, by a part of them.
var documentedRefusals = map[string]int{
	"-?userId=gid": http.StatusNotFound, // nobody of this shop's
}

var anInstant = regexp.MustCompile(`"20\d\d-[^"]*Z"`)

// TestDocumentedCalls runs each command of docs/events.md, one after the other, and compares the answers that stand behind them, whenever that was.
func TestDocumentedCalls(t *testing.T) {
	client.Program(t, "curl")
	m := demoMachine(t)
	m.call(http.StatusCreated, "PUT", "/v1/programs/demo-invite", "demo-operator-key", `{"name":"Invite","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":500}],"friend":[{"points":200}]},"budget":[{"points":10000}]}`, nil)
	all := blocks(t, "docs/events.md")
	ran := 0
	for i, b := range all {
		if b.language != "sh" {
			continue
		}
		ran++
		out := run(t, t.TempDir(), `curl() { command curl -sS -w '\n%{http_code}\n' "$@"; }`+"\n"+m.here(b.text), "sh", "-e")
		m.idle()
		want := http.StatusOK
		for part, status := range documentedRefusals {
			if strings.Contains(b.text, part) {
				want = status
			}
		}
		if strings.HasSuffix(b.text, "/v1/profiles/u-1001\n") && !strings.Contains(out, `"email":{"address":"mei@example.com","reachable":true}`) {
			t.Errorf("%s: the address is not reachable: %s", b.heading, out)
		}
		answers := 0
		var answer string
		for line := range strings.Lines(out) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			if !regexp.MustCompile(`^[1-5]\d\d$`).MatchString(line) {
				answer = line
				continue
			}
			if answers++; line[0] != '2' && line != fmt.Sprint(want) {
				t.Errorf("%s: %s\n%s%s", b.heading, line, b.text, out)
			}
		}
		if n := strings.Count(b.text, "curl "); answers != n {
			t.Errorf("%s: %d answers of %d calls\n%s%s", b.heading, answers, n, b.text, out)
		}
		if i+1 < len(all) && all[i+1].language == "json" && b.heading != "Devices of a person" { // whose events are another's
			documented := anInstant.ReplaceAllString(all[i+1].text, `"..."`)
			if !shows(answer, documented) {
				t.Errorf("%s: answered\n%s\ndocumented\n%s", b.heading, answer, all[i+1].text)
			}
		}
	}
	if ran < 10 {
		t.Errorf("only %d blocks of commands", ran)
	}
}
