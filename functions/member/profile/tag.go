package profile

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/operator/audit"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/job"
)

// tagged is why somebody has a tag: who said so and when, or the segment that gives it and since when they are in it. A tag may be there for several reasons. List says that
// it stands in the list of all tags that a system gives.
type tagged struct {
	Tag     string    `json:"tag"`
	By      string    `json:"by,omitempty"`
	List    bool      `json:"list,omitempty"` // among all that By gives
	Segment string    `json:"segment,omitempty"`
	At      time.Time `json:"at"`
}

// taggedOf are the reasons for the person's tags, in the order of the tags.
func taggedOf(p *profile.Profile) []tagged {
	all := []tagged{}
	for tag, word := range p.Tagging.Words {
		if !word.Off {
			all = append(all, tagged{Tag: tag, By: word.By, At: word.At})
		}
	}
	for by, list := range p.Tagging.Lists {
		for _, tag := range list.Tags {
			all = append(all, tagged{Tag: tag, By: by, List: true, At: list.At})
		}
	}
	for id, m := range p.Members {
		if m.Tag != "" {
			all = append(all, tagged{Tag: m.Tag, Segment: id, At: m.Since})
		}
	}
	slices.SortFunc(all, func(a, b tagged) int {
		return cmp.Or(cmp.Compare(a.Tag, b.Tag), cmp.Compare(a.Segment, b.Segment), a.At.Compare(b.At), cmp.Compare(a.By, b.By))
	})
	return all
}

// maxTagging bounds the body of a change of tags: as many as may be named, as long as they may be.
const maxTagging = 256 << 10

// tagging is what a call asks for: tags to add and to remove, or all that the person is to have by a word.
type tagging struct {
	Add    []string  `json:"add"`
	Remove []string  `json:"remove"`
	Tags   *[]string `json:"tags"`
}

// tag asks projection to change the tags of a person.
func (h *Handler) tag(w http.ResponseWriter, r *http.Request) {
	var asked tagging
	if !subject.Whole(w, r.URL.Query()) || !httpapi.ReadJSON(w, r, maxTagging, &asked) {
		return
	}
	person, ok := h.Find(w, r)
	if !ok || !subject.Exists(w, person) {
		return
	}
	change, fault := asked.change(person.Profile)
	if fault.Field != "" {
		httpapi.Problem(w, http.StatusUnprocessableEntity, "Tags refused", "", fault)
		return
	}
	change.By = httpapi.Caller(r.Context()).Name
	now := h.Now().UTC().Truncate(time.Millisecond)
	receipt := h.NewID()
	if _, err := h.write(r, audit.Tag, person, receipt, "", lineOf(change)...); err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	if err := h.tell(r.Context(), person, receipt, now, telling{"tags-", job.CommandTell, event.TagsChanged, change}); err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	httpapi.JSON(w, http.StatusAccepted, struct {
		Receipt   string     `json:"receipt"`
		ProfileID profile.ID `json:"profileId"`
		At        time.Time  `json:"at"`
		Add       []string   `json:"add"`
		Remove    []string   `json:"remove"`
	}{receipt, person.Keys[0], now, list(change.Add), list(change.Remove)})
}

// telling is what projection is told of a person: by which command, and which event says it; messages begins the messageId of that.
type telling struct {
	messages string
	kind     job.CommandKind
	event    string
	said     any
}

// tell tells projection something of a person, in the name of whoever calls. A command of one id is carried out once.
func (h *Handler) tell(ctx context.Context, person people.Person, id string, at time.Time, t telling) error {
	properties, err := json.Marshal(t.said)
	if err != nil {
		return fmt.Errorf("writing what projection is told: %w", err)
	}
	level := trust.Operator
	if httpapi.Caller(ctx).Role == access.ServerKey {
		level = trust.Shop
	}
	return h.Events.Send(ctx, job.Events{Source: subject.Source, Command: &job.Command{
		ID: id, Kind: t.kind, ProfileID: person.Keys[0], At: at,
		Event: &event.Event{MessageID: t.messages + id, Kind: event.Track, Name: t.event, UserID: person.Profile.UserID(), Properties: properties, Timestamp: at, ReceivedAt: at, Trust: level},
	}})
}

// lineOf is what the audit log says of a change: each tag behind + or -, or all that the person is to have by hand behind =, which stands alone for none.
func lineOf(c profile.TagChange) (fields []string) {
	signed := func(sign string, tags []string) {
		for _, tag := range tags {
			fields = append(fields, sign+tag)
		}
	}
	switch {
	case c.Only == nil:
		signed("+", c.Add)
		signed("-", c.Remove)
	case len(*c.Only) == 0:
		fields = []string{"="}
	default:
		signed("=", *c.Only)
	}
	return fields
}

// change is what is to be changed of a person's tags. The fault has no field where nothing is wrong.
func (t tagging) change(who *profile.Profile) (c profile.TagChange, fault httpapi.FieldError) {
	has := map[string]bool{}
	for tag, word := range who.Tagging.Words {
		if !word.Off {
			has[tag] = true
		}
	}
	if t.Tags != nil {
		if len(t.Add)+len(t.Remove) > 0 {
			return c, httpapi.FieldError{Field: "tags", Reason: "is all tags that the person is to have: leave out add and remove"}
		}
		field, reason := profile.TagChange{Add: *t.Tags}.Judge("")
		if reason != "" && len(*t.Tags) > 0 {
			return c, httpapi.FieldError{Field: "tags" + field[len("add"):], Reason: reason}
		}
		c.Only = t.Tags
		wanted := map[string]bool{}
		for _, tag := range *t.Tags {
			wanted[tag] = true
			if !has[tag] {
				c.Add = append(c.Add, tag)
			}
		}
		for _, tag := range slices.Sorted(maps.Keys(has)) {
			if !wanted[tag] {
				c.Remove = append(c.Remove, tag)
			}
		}
	} else {
		c = profile.TagChange{Add: t.Add, Remove: t.Remove}
		if field, reason := c.Judge(""); reason != "" {
			return c, httpapi.FieldError{Field: field, Reason: reason}
		}
		for i, tag := range c.Remove {
			if reason := givenBy(who, tag); reason != "" && !has[tag] {
				return c, httpapi.FieldError{Field: fmt.Sprintf("remove[%d]", i), Reason: reason}
			}
		}
	}
	for _, tag := range c.Add {
		has[tag] = true
	}
	for _, tag := range c.Remove {
		delete(has, tag)
	}
	if len(has) > profile.MaxTags {
		return c, httpapi.FieldError{Field: "add", Reason: fmt.Sprintf("would make %d tags, at most %d", len(has), profile.MaxTags)}
	}
	return c, httpapi.FieldError{}
}

// givenBy says by what somebody has a tag that no word takes away; empty where that is nothing.
func givenBy(who *profile.Profile, tag string) string {
	for _, id := range slices.Sorted(maps.Keys(who.Members)) {
		if who.Members[id].Tag == tag {
			return fmt.Sprintf("is given by the segment %s, to whoever is in it", id)
		}
	}
	for _, by := range slices.Sorted(maps.Keys(who.Tagging.Lists)) {
		if slices.Contains(who.Tagging.Lists[by].Tags, tag) {
			return fmt.Sprintf("is given by %s, which tells all of its tags: take it away there", by)
		}
	}
	return ""
}
