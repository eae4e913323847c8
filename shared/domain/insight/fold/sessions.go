package fold

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/span"
)

// Sessions asks for visits, visitors and views by period. A session is a person's events with no more than Gap between one and the next; the shop's midnight ends it, and so does an event that
// names another campaign than the session has, one that has none included.
type Sessions struct {
	Kind Kind `json:"kind"`
	Range
	By  Period    `json:"by"`
	Gap span.Span `json:"gap,omitzero"` // 30 minutes where it says nothing
	// Split is a field by which sessions are told apart: its first value in the session.
	Split string `json:"split,omitempty"`
	// Page is the field that a page is known by; context.page.path where it says nothing. A page without it, and a screen, is known by its name.
	Page string `json:"page,omitempty"`
	// Leave is the track event that a client sends when a page is left. A session of one page and nothing else but that is a bounce if it is shorter than Bounce, 10 seconds where it says nothing.
	Leave  string    `json:"leave,omitempty"`
	Bounce span.Span `json:"bounce,omitzero"`
}

const (
	defaultGap    = 30 * span.Minute
	defaultBounce = span.Span(10 * time.Second)
	defaultPage   = "context.page.path"
)

// campaign is what a campaign is known by.
var campaign = []string{"context.campaign.source", "context.campaign.medium", "context.campaign.name"}

func (d Sessions) check(faults *fault.Faults) {
	d.Range.check(faults)
	checkPeriod("by", d.By, faults)
	checkSplit(d.Split, faults)
	if d.Page != "" && !known(d.Page) {
		faults.Add("page", "is not name, source, trust or a path such as context.page.path")
	}
	if d.Gap < 0 || d.Gap > span.Day {
		faults.Add("gap", "is longer than 1d")
	}
	if d.Bounce < 0 || d.Bounce > span.Hour {
		faults.Add("bounce", "is longer than 1h")
	}
	if d.Bounce != 0 && d.Leave == "" {
		faults.Add("bounce", "asks for leave, the event by which the length of a session of one page is known")
	}
	if len(d.Leave) > maxEventName {
		faults.Addf("leave", "has more than %d bytes", maxEventName)
	}
}

// Visits is the partial of Sessions.
type Visits struct {
	Rows  []VisitRow `json:"rows,omitempty"`
	Pages []PageRow  `json:"pages,omitempty"`
	// Over says that the split has too many values, PagesOver that there are too many pages; then there are none.
	Over      bool `json:"over,omitempty"`
	PagesOver bool `json:"pagesOver,omitempty"`
}

// VisitRow is the sessions of a period, of a value of the split, or, where All is set, of all of them. Lengths are in milliseconds.
type VisitRow struct {
	Period   string `json:"period"`
	All      bool   `json:"all,omitempty"`
	Split    string `json:"split,omitempty"`
	People   int64  `json:"people"` // with a session, which is with an event
	Sessions int64  `json:"sessions"`
	Views    int64  `json:"views"` // page and screen events
	Events   int64  `json:"events"`
	Bounces  int64  `json:"bounces"`
	Length   int64  `json:"length"` // of all sessions together, from the first to the last event
	Dwell    int64  `json:"dwell"`  // on pages and screens together, as far as it is known
	Known    int64  `json:"known"`  // views of which the dwell is known: those that are not a session's last event
}

// PageRow is a page or a screen in all of the days.
type PageRow struct {
	Page    string `json:"page"`
	Screen  bool   `json:"screen,omitempty"`
	Views   int64  `json:"views"`
	Entries int64  `json:"entries"` // sessions of which it was the first
	Exits   int64  `json:"exits"`   // sessions of which it was the last
	Bounces int64  `json:"bounces"`
	Dwell   int64  `json:"dwell"`
	Known   int64  `json:"known"`
}

func compareVisits(a, b *VisitRow) int {
	return cmp.Or(cmp.Compare(a.Period, b.Period), compareParts(a.All, b.All), cmp.Compare(a.Split, b.Split))
}

func comparePages(a, b *PageRow) int {
	if c := cmp.Compare(a.Page, b.Page); c != 0 || a.Screen == b.Screen {
		return c
	}
	if b.Screen {
		return -1
	}
	return 1
}

func (a *VisitRow) add(b *VisitRow) {
	a.People, a.Sessions, a.Views, a.Events, a.Bounces = a.People+b.People, a.Sessions+b.Sessions, a.Views+b.Views, a.Events+b.Events, a.Bounces+b.Bounces
	a.Length, a.Dwell, a.Known = a.Length+b.Length, a.Dwell+b.Dwell, a.Known+b.Known
}

func (a *PageRow) add(b *PageRow) {
	a.Views, a.Entries, a.Exits, a.Bounces, a.Dwell, a.Known = a.Views+b.Views, a.Entries+b.Entries, a.Exits+b.Exits, a.Bounces+b.Bounces, a.Dwell+b.Dwell, a.Known+b.Known
}

func (*Visits) kind() Kind { return KindSessions }

// Merge adds the sessions of other people.
func (v *Visits) Merge(other Partial) error {
	o, same := other.(*Visits)
	if !same {
		return ErrPartial
	}
	over, pagesOver := v.Over || o.Over, v.PagesOver || o.PagesOver
	*v = visits(mergeRows(v.Rows, o.Rows, compareVisits, (*VisitRow).add), mergeRows(v.Pages, o.Pages, comparePages, (*PageRow).add), over, pagesOver)
	return nil
}

// visits are rows and pages that say so where they are too many to be shown.
func visits(rows []VisitRow, pages []PageRow, over, pagesOver bool) Visits {
	v := Visits{Rows: rows, Pages: pages, Over: over || tooMany(rows, func(r *VisitRow) string { return r.Split }), PagesOver: pagesOver || len(pages) > maxPages}
	if v.Over {
		v.Rows = nil
	}
	if v.PagesOver {
		v.Pages = nil
	}
	return v
}

// Figure is one of a row, or, where its name begins with page, of a page.
func (v *Visits) Figure(of Cell) (int64, bool) {
	if strings.HasPrefix(of.Figure, "page") {
		r := rowOf(v.Pages, PageRow{Page: of.Page, Screen: of.Screen}, comparePages)
		return pick(of.Figure, named{"pageViews", r.Views}, named{"pageEntries", r.Entries}, named{"pageExits", r.Exits}, named{"pageBounces", r.Bounces}, named{"pageDwell", r.Dwell}, named{"pageKnown", r.Known})
	}
	r := rowOf(v.Rows, VisitRow{Period: of.Period, All: of.All, Split: of.Split}, compareVisits)
	return pick(of.Figure, named{"people", r.People}, named{"sessions", r.Sessions}, named{"views", r.Views}, named{"events", r.Events}, named{"bounces", r.Bounces}, named{"length", r.Length}, named{"dwell", r.Dwell},
		named{"known", r.Known})
}

// maxPages bounds the pages of an answer.
const maxPages = 50_000

// visitKey is a period by its first day, and a value of the split or all of them.
type visitKey struct {
	first profile.Day
	split int
}

const allSplits = -1

type visitCell struct {
	VisitRow
	last int64
}

// visit is the session at hand.
type visit struct {
	open       bool
	day        profile.Day
	begin, end int64
	campaign   [3]int
	named      bool // it has a campaign
	split      int
	isSplit    bool
	row        VisitRow
	others     int // events that are neither views nor leavings
	entry      int // a page, -1 where there is none
	exit       int
	onPage     int // the page that the last event is; -1 where it is none
}

type sessionsFold struct {
	matcher
	def      Sessions
	from, to profile.Day
	calendar *calendar
	gap      int64
	bounce   int64
	split    *words
	pages    *words
	names    *words
	campaign [3]*words
	cells    map[visitKey]*visitCell
	rows     []PageRow
	numbers  map[pageKey]int
	person   int64
	at       visit
}

type pageKey struct {
	page   int
	screen bool
}

// The bits of its matches.
const (
	markAny = 1 << iota
	markPage
	markScreen
	markLeave
)

func (d Sessions) compile(shop profile.Shop, _ profile.Day) Fold {
	f := &sessionsFold{matcher: matcher{zone: shop.Zone}, def: d, gap: time.Duration(cmp.Or(d.Gap, defaultGap)).Milliseconds(), bounce: time.Duration(cmp.Or(d.Bounce, defaultBounce)).Milliseconds(),
		cells: map[visitKey]*visitCell{}, numbers: map[pageKey]int{}}
	f.from, f.to = d.days()
	f.calendar = newCalendar(shop, f.from, f.to)
	f.add(Match{Event: "*"}, Match{Event: string(event.Page)}, Match{Event: string(event.Screen)})
	if d.Leave != "" {
		f.add(Match{Event: d.Leave})
	}
	f.split = newWords(absent, 0)
	if d.Split != "" {
		f.split.column = f.column(d.Split)
	}
	f.pages = newWords(f.column(cmp.Or(d.Page, defaultPage)), 1)
	f.names = newWords(onName, 2)
	for i, field := range campaign {
		f.campaign[i] = newWords(f.column(field), 3+i)
	}
	return f
}

func (f *sessionsFold) Fork() Fold {
	other := *f
	other.cells, other.rows, other.numbers = map[visitKey]*visitCell{}, nil, map[pageKey]int{}
	return &other
}

func (f *sessionsFold) Reset() {
	clear(f.cells)
	clear(f.numbers)
	f.rows = f.rows[:0]
}

func (f *sessionsFold) Reads() Reads { return Reads{From: f.from, To: f.to} }

func (f *sessionsFold) Prepare(b *Block) {
	f.prepare(b)
	prepareGroups(b, f.split, f.pages, f.names, f.campaign[0], f.campaign[1], f.campaign[2])
}

func (f *sessionsFold) Add(person []Stretch) {
	f.person++
	f.at.open = false
	for _, s := range person {
		for i := s.From; i < s.To; i++ {
			day := f.calendar.day(s.Block.Times[i])
			if day >= f.from && day <= f.to {
				f.event(s.Block, i, day)
			}
		}
	}
	f.close()
}

// event adds an event to the session at hand, or to a new one.
func (f *sessionsFold) event(b *Block, i int, day profile.Day) {
	at, mark, s := b.Times[i], b.marks[i], &f.at
	named, is := [3]int{}, false
	for n, w := range f.campaign {
		number, has := w.of(b, i)
		named[n], is = number, is || has
	}
	if !s.open || at-s.end > f.gap || day != s.day || is && named != s.campaign {
		f.close()
		*s = visit{open: true, day: day, begin: at, end: at, entry: -1, exit: -1, onPage: -1}
	}
	f.dwell(at)
	if is || !s.named {
		s.campaign, s.named = named, is
	}
	if split, has := f.split.of(b, i); !s.isSplit {
		s.split, s.isSplit = split, has
	}
	s.end, s.onPage = at, -1
	s.row.Events++
	switch {
	case mark&(markPage|markScreen) != 0:
		s.row.Views++
		s.onPage = f.page(b, i, mark&markScreen != 0)
		s.exit = s.onPage
		if s.entry < 0 {
			s.entry = s.onPage
		}
		f.rows[s.onPage].Views++
	case mark&markLeave == 0:
		s.others++
	}
}

// page is the row of the page or screen that an event is.
func (f *sessionsFold) page(b *Block, i int, screen bool) int {
	key := pageKey{screen: screen}
	text := ""
	if n, has := f.pages.of(b, i); has && !screen {
		text = f.pages.texts[n]
	} else {
		n, _ := f.names.of(b, i)
		text = f.names.texts[n]
	}
	key.page = f.pages.number(text)
	n, known := f.numbers[key]
	if !known {
		n = len(f.rows)
		f.numbers[key], f.rows = n, append(f.rows, PageRow{Page: text, Screen: screen})
	}
	return n
}

// dwell ends the view that the last event was. A session's last one has no end, which is not the same as none.
func (f *sessionsFold) dwell(at int64) {
	s := &f.at
	if s.onPage < 0 {
		return
	}
	page := &f.rows[s.onPage]
	page.Dwell, page.Known = page.Dwell+at-s.end, page.Known+1
	s.row.Dwell, s.row.Known = s.row.Dwell+at-s.end, s.row.Known+1
}

// close counts the session at hand.
func (f *sessionsFold) close() {
	s := &f.at
	if !s.open {
		return
	}
	s.open = false
	s.row.Sessions, s.row.Length = 1, s.end-s.begin
	if s.row.Views == 1 && s.others == 0 && (s.row.Events == 1 || s.row.Length < f.bounce) {
		s.row.Bounces = 1
	}
	if s.entry >= 0 {
		f.rows[s.entry].Entries++
		f.rows[s.exit].Exits++
		f.rows[s.entry].Bounces += s.row.Bounces
	}
	first := f.def.By.first(s.day)
	f.count(visitKey{first, allSplits})
	if f.def.Split != "" {
		f.count(visitKey{first, s.split})
	}
}

func (f *sessionsFold) count(k visitKey) {
	c := f.cells[k]
	if c == nil {
		c = &visitCell{}
		f.cells[k] = c
	}
	if c.last != f.person {
		c.last = f.person
		c.People++
	}
	c.add(&f.at.row)
}

func (f *sessionsFold) Partial() Partial {
	var rows []VisitRow
	for k, c := range f.cells {
		row := c.VisitRow
		row.Period, row.All = f.def.By.label(k.first), k.split == allSplits
		if !row.All {
			row.Split = f.split.texts[k.split]
		}
		rows = append(rows, row)
	}
	over := f.split.over
	for _, w := range f.campaign {
		over = over || w.over
	}
	p := visits(sortRows(rows, compareVisits), sortRows(slices.Clone(f.rows), comparePages), over, f.pages.over || f.names.over)
	return &p
}
