package people

import (
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/money"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files)

type identifier struct{ Kind, Value string }

type address struct {
	Address   string
	Reachable bool
}

type orders struct {
	Count   int
	Revenue []money.Amount
	FirstAt *time.Time
	LastAt  *time.Time
}

// person is the head of each page of somebody: who they are, as far as the visitor is shown them.
type person struct {
	ID     string
	Reason string // why the visitor is shown them without masks, empty for masked
	Tab    string
	Known  known
}

// known is what a profile tells.
type known struct {
	ProfileID           string
	IDs                 []identifier
	FirstSeen, LastSeen time.Time
	Traits              map[string]any
	Tagged              []tagged
	Orders              orders
	Lifecycle, Stage    string
	Activity            *struct {
		Score int
		Band  string
	}
	RFM *struct {
		R, F, M                    int
		Class8, Segment11, Class15 string
	}
	Predictions  *predictions
	Segments     []string
	Consent      map[string]consent
	Addresses    map[string]address
	Demographics map[string]any
	Place        map[string]any
	MergedFrom   []string
	Unproven     struct{ Segments []string }
	Masked       bool
}

// tagged is why somebody has a tag: by whose word or list, or by which segment.
type tagged struct {
	Tag, By, Segment string
	List             bool
	At               time.Time
}

// predictions are what the newest run's models say of a buyer today, or what there is too little of.
type predictions struct {
	Run, AsOf, Band string
	Alive           *float64
	ValueDecile     int
	Expected        []struct {
		Days   int
		Orders float64
		Value  money.Amount
	}
	Basis *struct {
		OrderDays, FirstDaysAgo, LastDaysAgo, GapDays int
		Own                                           *money.Amount
		Everybody, Expected                           money.Amount
	}
	Lacks []string
}

// consent is somebody's last word about a channel or a purpose.
type consent struct {
	Granted                         bool
	At                              time.Time
	Reason, By, Source, TextVersion string
}

// who names the person in a call: their id travels in the query (ADR 17), and with it why they are shown, if they are.
func who(id, reason string) url.Values {
	q := url.Values{"profileId": {id}}
	if reason != "" {
		q.Set("reason", reason)
	}
	return q
}

// tabs are the pages of a person.
var tabs = []string{"person", "person/events", "person/messages", "person/orders", "person/book", "person/referrals", "person/data"}

// Tabs lists them.
func (person) Tabs() []string { return tabs }

// Name is what the person is called, as far as it is shown.
func (p person) Name() string {
	name := func(key string) string { text, _ := p.Known.Traits[key].(string); return text }
	if n := name("name"); n != "" {
		return n
	}
	return strings.TrimSpace(name("firstName") + " " + name("lastName"))
}

// head reads who a page is about, beside other calls.
func head(v *view.Visit) (person, url.Values) {
	p := person{ID: v.Query("id"), Reason: strings.TrimSpace(v.Query("reason")), Tab: v.Row.Path}
	return p, who(p.ID, p.Reason)
}

// show answers with a page of the person. An id that has joined another one leads to that: what is typed to erase somebody is of the id under which they are kept.
func (p person) show(v *view.Visit, name string, about any) error {
	if id := p.Known.ProfileID; id != "" && id != p.ID {
		return v.Go(view.Link(p.Tab, "id", id, "reason", p.Reason), "")
	}
	return v.Show(pages, name, about)
}

func showPerson(v *view.Visit) error {
	p, q := head(v)
	o, err := readOverview(v, p, q)
	if err != nil {
		return err
	}
	return o.show(v, "person", o)
}

func readOverview(v *view.Visit, p person, q url.Values) (overview, error) {
	names := struct{ Items []struct{ ID, Name string } }{}
	if err := v.Together(v.Read(&p.Known, q, "profiles", "-"), v.Read(&names, url.Values{"limit": {"200"}}, "segments")); err != nil {
		return overview{}, err
	}
	o := overview{person: p, names: map[string]string{}}
	for _, s := range names.Items {
		o.names[s.ID] = s.Name
	}
	return o, nil
}

// overview is the first page of a person.
type overview struct {
	person
	names map[string]string // of segments
	// Typed are the tags that were typed, and Fault what is wrong with them.
	Typed, Fault string
}

// Named is what a segment is called.
func (o overview) Named(id string) string { return cmp.Or(o.names[id], id) }

// Segments are those that the person is in, by name.
func (o overview) Segments() (all []membership) {
	for _, id := range o.Known.Segments {
		all = append(all, membership{o.Named(id), slices.Contains(o.Known.Unproven.Segments, id)})
	}
	return all
}

type membership struct {
	Name     string
	Unproven bool
}

// Words are what the person has said of being contacted, by channel and purpose.
func (o overview) Words() (all []word) {
	for _, key := range slices.Sorted(maps.Keys(o.Known.Consent)) {
		channel, purpose, _ := strings.Cut(key, "/")
		if channel == "profiling" {
			channel, purpose = "", "profiling"
		}
		all = append(all, word{channel, cmp.Or(purpose, "marketing"), o.Known.Consent[key]})
	}
	return all
}

type word struct {
	Channel, Purpose string
	consent
}

// Facts are what is said of the person by name: traits, then where they live and the like, without what is not known.
func (o overview) Facts() (all []fact) {
	for _, of := range []map[string]any{o.Known.Traits, o.Known.Demographics, o.Known.Place} {
		for _, name := range slices.Sorted(maps.Keys(of)) {
			one := fact{name, plain(of[name])}
			if one.Value != "" && !slices.Contains(all, one) { // a trait may be what the place says too
				all = append(all, one)
			}
		}
	}
	return all
}

type fact struct{ Name, Value string }

// plain writes a value of JSON for people, empty for none.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case map[string]any, []any:
		text, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(text)
	}
	return fmt.Sprint(v)
}

// listed is a page of a list of the person's.
type listed[T any] struct {
	person
	Items []T
	Next  string
	names map[string]string // of campaigns
}

// Named is what a campaign is called.
func (l listed[T]) Named(campaign string) string { return cmp.Or(l.names[campaign], campaign) }

// decisions are what became of notifications: their campaigns have names.
const decisions = "decisions"

const perPage = "50"

// list is the page of a person with a list of theirs.
func list[T any](what, page string) func(*view.Visit) error {
	return func(v *view.Visit) error {
		p, q := head(v)
		l := listed[T]{person: p}
		more := who(p.ID, p.Reason)
		more.Set("limit", perPage)
		if cursor := v.Query("cursor"); cursor != "" {
			more.Set("cursor", cursor)
		}
		var answer struct {
			Items []T
			Next  string
		}
		calls := []func(context.Context) error{v.Read(&l.Known, q, "profiles", "-"), v.Read(&answer, more, "profiles", "-", what)}
		var campaigns struct{ Items []struct{ ID, Name string } }
		if what == decisions {
			calls = append(calls, v.Read(&campaigns, url.Values{"limit": {"200"}}, "campaigns"))
		}
		if err := v.Together(calls...); err != nil {
			return err
		}
		l.names = map[string]string{}
		for _, c := range campaigns.Items {
			l.names[c.ID] = c.Name
		}
		l.Items, l.Next = answer.Items, answer.Next
		return l.show(v, page, l)
	}
}

// happening is an event of the timeline.
type happening struct {
	MessageID, Type, Event, Trust string
	Timestamp                     time.Time
	Properties, Traits            map[string]any
	Proof                         *struct{ By, Source, TextVersion string }
}

// Facts are its properties and traits.
func (h happening) Facts() (all []fact) {
	for _, of := range []map[string]any{h.Properties, h.Traits} {
		for _, name := range slices.Sorted(maps.Keys(of)) {
			all = append(all, fact{name, plain(of[name])})
		}
	}
	return all
}

// decision is a notification that was sent, or not, with its reason.
type decision struct {
	CampaignID, Variant, Channel, TemplateID, Outcome, Reason, Detail string
	At, Until                                                         time.Time
}
