package simulation

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// edition is one document that somebody has sent to be saved, which nobody else sends.
type edition struct {
	Thing, Mark string // the kind and id, and the words that are in no other document
	Version     int    // that it was answered to be, 0 if it was not
}

// editTogether is several operators who write one template at the same time and look at what it was. Some save only over what they have read, some
// delete it.
func editTogether(w *world, d *dice, _ *human) {
	id := fmt.Sprintf("shared-%08x", d.name())
	editors := d.between(2, 4)
	done := make(chan bool)
	for number := range editors {
		own := &dice{d.next()}
		go func() {
			w.editsOf(own, id, number)
			done <- true
		}()
	}
	for range editors {
		<-done
	}
	w.looksBack(d, id)
}

// editsOf are the acts of one of several editors.
func (w *world) editsOf(d *dice, id string, number int) {
	path, read := "/v1/templates/"+id, 0
	for k := range d.between(2, 5) {
		w.sleep(d.pause(time.Millisecond, 3*time.Second))
		if d.happens(0.25) {
			w.ask(d, "DELETE", path, operatorKey, "")
			continue
		}
		e := &edition{Thing: "template#" + id, Mark: fmt.Sprintf("%s-%d-%d", id, number, k)}
		w.model.editions = append(w.model.editions, e)
		doc := map[string]any{"name": e.Mark, "channel": "email", "locales": map[string]any{"default": map[string]any{"subject": "s", "text": "t"}}}
		if d.happens(0.3) {
			doc["version"] = read
		}
		body, err := json.Marshal(doc)
		check(err)
		status, answer := w.ask(d, "PUT", path, operatorKey, string(body))
		w.tell("operator: %s saved: %d %.200s", e.Mark, status, answer)
		if status != 200 && status != 201 {
			continue
		}
		e.Version, read = shownVersion(answer), shownVersion(answer)
		if d.happens(0.4) {
			w.looksBack(d, id)
		}
	}
}

func shownVersion(answer []byte) int {
	var shown struct{ Version int }
	check(json.Unmarshal(answer, &shown))
	return shown.Version
}

// looksBack is an operator who reads every version of a template, page by page. What a version said once it says for good.
func (w *world) looksBack(d *dice, id string) {
	path := "/v1/templates/" + id + "/versions"
	before := 0
	for cursor := ""; ; {
		status, answer := w.ask(d, "GET", fmt.Sprintf("%s?limit=%d&cursor=%s", path, d.between(1, 4), cursor), operatorKey, "")
		if status != 200 {
			return
		}
		var page struct {
			Items []struct{ Version int }
			Next  string
		}
		check(json.Unmarshal(answer, &page))
		for _, one := range page.Items {
			if one.Version < 1 || before != 0 && one.Version != before-1 {
				w.violate(versionsAreKept, "", "after version %d the list shows %d", before, one.Version)
			}
			before = one.Version
			w.readsVersion(d, id, one.Version)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if before != 1 {
		w.violate(versionsAreKept, "", "the list of versions ends with %d", before)
	}
}

func (w *world) readsVersion(d *dice, id string, version int) {
	status, answer := w.ask(d, "GET", fmt.Sprintf("/v1/templates/%s/versions/%d", id, version), operatorKey, "")
	if status == 0 || status >= 500 {
		return
	}
	var shown struct{ Name string }
	_ = json.Unmarshal(answer, &shown)
	key := fmt.Sprintf("template#%s#%d", id, version)
	seen, again := w.model.versions[key]
	if status != 200 || shown.Name == "" || again && seen != shown.Name {
		w.violate(versionsAreKept, "", "%s was %q and is %d %q", key, seen, status, shown.Name)
	}
	w.model.versions[key] = shown.Name
}

// checkVersions holds that the versions of each definition are numbered without a gap, that what is in force is the last of them, and that a version is the document
// which was answered to be it, read or written.
func checkVersions(w *world, s *state, broken func(string, string, ...any)) {
	versions, last, current := map[string]item{}, map[string]int{}, map[string]item{}
	for _, i := range s.raw["Catalog"] {
		switch list, rest, _ := strings.Cut(i.text("pk"), "#"); list {
		case "v":
			n := int(i.number("v"))
			versions[fmt.Sprintf("%s#%d", rest, n)], last[rest] = i, max(last[rest], n)
			if i.text("sk") != fmt.Sprintf("%08d", n) {
				broken("", "version %d of %s is filed under %s", n, rest, i.text("sk"))
			}
		case "d":
			current[rest+"#"+i.text("sk")] = i
		}
	}
	for thing, most := range last {
		for n := 1; n <= most; n++ {
			if _, kept := versions[fmt.Sprintf("%s#%d", thing, n)]; !kept {
				broken("", "version %d of %s is lost", n, thing)
			}
		}
	}
	for thing, i := range current {
		newest := versions[fmt.Sprintf("%s#%d", thing, last[thing])]
		if i.number("v") != int64(last[thing]) || i.text("b") != newest.text("b") || i.text("updatedAt") != newest.text("updatedAt") {
			broken("", "%s is in force as version %d, and the last that is kept is %d", thing, i.number("v"), last[thing])
		}
	}
	said := func(key string) string {
		var doc struct{ Name string }
		_ = json.Unmarshal([]byte(versions[key].text("b")), &doc)
		return doc.Name
	}
	for _, e := range w.model.editions {
		if key := fmt.Sprintf("%s#%d", e.Thing, e.Version); e.Version > 0 && said(key) != e.Mark {
			broken("", "%s was answered to be %s, which says %q", e.Mark, key, said(key))
		}
	}
	for key, mark := range w.model.versions {
		if said(key) != mark {
			broken("", "%s was shown as %q and says %q", key, mark, said(key))
		}
	}
}
