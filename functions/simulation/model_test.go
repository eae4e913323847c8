package simulation

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// model is the judge's own account of what was accepted, in the order of receipt, and of what operators and people have asked for.
type model struct {
	w           *world
	said        []*said
	definitions []definition
	erasures    []*erasure
	withdrawals []*withdrawal
	claims      []*claim
	forms       []*form
	clicks      []*click
	deeds       []deed
	removals    []*removal
	tagged      []*taggedPerson
	rotations   []*rotation
	signed      []*signedNotice
	glances     []*glance
	editions    []*edition
	versions    map[string]string // what each version was shown to say, by kind, id and number
	proofs      []*proven
	selves      [][2]string       // accounts of which the first has invited the second, and both are one person's
	joined      map[string]string // see joins
	questions   []*question       // that were asked for an exact answer
}

// definition is one saved state of a definition: in force for certain from Sure until a later one's Begun.
type definition struct {
	Kind, ID string
	Doc      map[string]any // nil when it was deleted
	Begun    time.Time
	Sure     time.Time
	Saved    bool // an answer said so
}

// erasure is a person's wish to be forgotten.
type erasure struct {
	Who          int
	ID           string   // path id that was asked for
	Keys         []string // identifiers that the person had, as the profile was shown before
	Profile      string
	Begun, Ended time.Time
	Accepted     bool
}

// withdrawal is an unsubscribe by link or call.
type withdrawal struct {
	Profile, Channel   string
	Begun, Last, Ended time.Time // of the first and the last attempt, and of the answer
	Accepted           bool
}

type claim struct {
	Program, Code, Friend string
	Advocate              string
	Status                int
	At                    time.Time
}

func newModel(w *world) *model { return &model{w: w, versions: map[string]string{}} }

func (m *model) defined(kind, id string, doc map[string]any, begun, sure time.Time, saved bool) {
	m.definitions = append(m.definitions, definition{kind, id, doc, begun, sure, saved})
}

// find is an event by its id, nil for one that no client of ours has sent.
func (m *model) find(id string) *said {
	for _, e := range m.said {
		if e.ID == id {
			return e
		}
	}
	return nil
}

// ownIDs are the ids of all events that the traffic has named itself.
func (m *model) ownIDs() []string {
	var list []string
	for _, s := range m.said {
		if !s.hook && !slices.Contains(list, s.ID) {
			list = append(list, s.ID)
		}
	}
	return list
}

// history is what a definition was, oldest first.
func (m *model) history(kind, id string) []definition {
	var all []definition
	for _, d := range m.definitions {
		if d.Kind == kind && d.ID == id {
			all = append(all, d)
		}
	}
	slices.SortStableFunc(all, func(a, b definition) int { return a.Begun.Compare(b.Begun) })
	return all
}

// last is the definition as it was saved last. It is not sure where there is none, or where nobody knows which of two is in force.
func (m *model) last(kind, id string) (last definition, sure bool) {
	h := m.history(kind, id)
	if len(h) == 0 {
		return last, false
	}
	last = h[len(h)-1]
	return last, last.Saved && !slices.ContainsFunc(h[:len(h)-1], func(d definition) bool { return !last.Begun.After(d.Sure) })
}

// always says whether every state that a definition may have been in, from a time to another, meets a condition. No definition is nil.
func (m *model) always(kind, id string, from, to time.Time, meets func(doc map[string]any) bool) bool {
	history := m.history(kind, id)
	known := false
	for _, d := range history {
		known = known || d.Saved && !d.Sure.After(from)
	}
	if !known && !meets(nil) {
		return false
	}
	for _, d := range history {
		// Of two edits that overlap either may be in force.
		over := slices.ContainsFunc(history, func(o definition) bool { return o.Saved && o.Begun.After(d.Sure) && !o.Sure.After(from) })
		if !over && !d.Begun.After(to) && !meets(d.Doc) {
			return false
		}
	}
	return true
}

// view is a profile as the API shows it.
type view struct {
	ProfileID string
	IDs       []identifier
	Tags      []string
	Addresses map[string]struct{ Address string }
	Orders    struct {
		Count   int
		Revenue []amount
	}
	FirstSeen time.Time
	Segments  []string
	Consent   map[string]struct {
		Granted bool
		At      time.Time
		proof
	}
	RFM *struct {
		R, F, M         int
		Class8, Class15 string
	}
	Predictions *struct {
		Run, Band   string
		ValueDecile int
		Lacks       []string
	}
	Lifecycle *string
	Parts     []string `json:"mergedFrom"`
	Traits    map[string]any
	Unproven  struct{ Traits []string }
}

type identifier struct{ Kind, Value string }

type amount struct {
	Amount   int64
	Currency string
}

// told is an event as the timeline shows it.
type told struct {
	MessageID, Type, Event, UserID, AnonymousID string
	ReceivedAt, Timestamp                       time.Time
	Properties                                  json.RawMessage
	Proof                                       *proof
}

// decision is one as the API shows it.
type decision struct {
	NotificationID, CampaignID, Step, Channel, Outcome, Reason, Detail string

	Asked time.Time // when it was due
}

// state is everything as the API shows it at rest.
type state struct {
	profiles  map[string]*view  // by profileId
	of        map[string]string // profileId by path id; empty where there is none
	timeline  map[string][]told // by profileId
	decisions map[string][]decision
	raw       map[string][]item // by table
	run       lastRun
}

// read asks the API for everybody that the traffic knows.
func (m *model) read() *state {
	w := m.w
	d := dice{hash(w.seed, "judge")}
	s := &state{profiles: map[string]*view{}, of: map[string]string{}, timeline: map[string][]told{}, decisions: map[string][]decision{}, raw: map[string][]item{}}
	for _, id := range m.ids() {
		status, body := w.ask(&d, "GET", "/v1/profiles/"+escape(id), serverKey, "")
		if status == 404 {
			s.of[id] = ""
			continue
		}
		if status != 200 {
			w.surprise("GET profile %s: %d %s", id, status, body)
			continue
		}
		v := &view{}
		check(json.Unmarshal(body, v))
		s.of[id] = v.ProfileID
		if s.profiles[v.ProfileID] != nil {
			continue
		}
		s.profiles[v.ProfileID] = v
		s.timeline[v.ProfileID] = pages[told](w, &d, "/v1/profiles/profile:"+v.ProfileID+"/events")
		s.decisions[v.ProfileID] = pages[decision](w, &d, "/v1/profiles/profile:"+v.ProfileID+"/decisions")
	}
	for _, t := range w.template.Tables {
		s.raw[t.LogicalID] = w.scan(t.Name)
	}
	return s
}

// pages reads a list to its end.
func pages[T any](w *world, d *dice, path string) []T {
	var all []T
	cursor := ""
	for {
		status, body := w.ask(d, "GET", path+"?limit=500"+cursor, serverKey, "")
		if status != 200 {
			w.surprise("GET %s: %d %s", path, status, body)
			return all
		}
		var page struct {
			Items []T
			Next  string
		}
		check(json.Unmarshal(body, &page))
		all = append(all, page.Items...)
		if page.Next == "" {
			return all
		}
		cursor = "&cursor=" + escape(page.Next)
	}
}

// ids are the path ids of everybody who was ever named, in the order of naming.
func (m *model) ids() []string {
	seen := map[string]bool{}
	var ids []string
	add := func(id string) {
		if id != "" && id != "anonymous:" && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for _, s := range m.said {
		if s.Refused {
			continue
		}
		add(s.User)
		if s.Anon != "" {
			add("anonymous:" + s.Anon)
		}
		if s.Prev != "" {
			add(s.Prev)
			add("anonymous:" + s.Prev)
		}
	}
	for _, c := range m.claims {
		add(c.Friend)
	}
	return ids
}

// strangers are stored profiles that none of the traffic's ids leads to.
func (s *state) strangers() []string {
	var all []string
	for _, i := range s.raw["Profiles"] {
		id, isProfile := strings.CutPrefix(i.text("pk"), "p#")
		if isProfile && i.has("b") && s.profiles[id] == nil {
			all = append(all, id)
		}
	}
	return all
}

// seenBy counts who was there on a day of the shop. By the clock of a client that is ahead, somebody is first seen tomorrow, and counts from then on.
func (s *state) seenBy(day string) int {
	begin, err := time.ParseInLocation(time.DateOnly, day, shanghai)
	check(err)
	n := 0
	for _, v := range s.profiles {
		if v.FirstSeen.Before(begin.AddDate(0, 0, 1)) {
			n++
		}
	}
	return n
}

// earlyRefunds counts the refunds of a shop system that may have been folded before their order: they know nobody yet.
func (m *model) earlyRefunds() int {
	n := 0
	for _, r := range m.said {
		if r.Source != "shopify" || r.Name != "Order Refunded" {
			continue
		}
		known := slices.ContainsFunc(m.said, func(o *said) bool {
			return o.Name == "Order Completed" && o.Properties["order_id"] == r.Properties["order_id"] && o.Accepted && o.Answered.Before(r.First.Add(-30*time.Minute))
		})
		if !known {
			n++
		}
	}
	return n
}
