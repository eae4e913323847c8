package refusal

import (
	"context"
	"embed"
	"net/url"
	"time"

	"github.com/userops/userops/functions/pages/chart"
	"github.com/userops/userops/functions/pages/view"
)

//go:embed *.html
var files embed.FS

var pages = view.Parse(files, chart.Parts)

// lately counts within spans of hours that end now.
type lately struct{ Day, DayBefore, Week int }

// More says that it grows: more than before, and not by one or two.
func (l lately) More() bool { return l.Day > l.DayBefore && l.Day-l.DayBefore > 2 }

// of is a source with how much was refused of it.
type of struct {
	Source, Name, Kind string
	Disabled           bool
	Refused, Warned    lately
	Partial            bool
}

// source is a definition, which only owners read.
type source struct {
	ID            string
	WriteKeys     []string
	HookSecretSet bool
}

// keyShown is how much of a key is shown: enough to tell keys apart.
const keyShown = 4

// Keys are its write keys, each by its beginning.
func (s source) Keys() (all []string) {
	for _, key := range s.WriteKeys {
		all = append(all, key[:min(len(key), keyShown)]+"…")
	}
	return all
}

// sources is the page with all of them.
type sources struct {
	Items []of
	May   bool // whether the visitor reads definitions of sources
	known map[string]source
}

// Of is the definition of a source, as far as the visitor reads it; the zero value of those that are built in.
func (s sources) Of(id string) source { return s.known[id] }

func list(v *view.Visit) error {
	s := sources{May: v.May(view.Least("GET /v1/sources")), known: map[string]source{}}
	var defined struct{ Items []source }
	calls := []func(context.Context) error{v.Read(&s, nil, "refusals")}
	if s.May {
		calls = append(calls, v.Read(&defined, url.Values{"limit": {"200"}}, "sources"))
	}
	if err := v.Together(calls...); err != nil {
		return err
	}
	for _, d := range defined.Items {
		s.known[d.ID] = d
	}
	return v.Show(pages, "list", s)
}

// entry is an event that was refused, or a warning.
type entry struct {
	At                                      time.Time
	What, Field, Reason, MessageID, OrderID string
}

// hour is how much was noted within an hour, by reason.
type hour struct {
	Hour   time.Time
	Counts map[string]int
}

// noted are refusals, or warnings.
type noted struct {
	Items []entry
	Hours []hour
}
