package profile

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/httpapi"
)

// sections are all that is held. A cursor names a section by its number, so that a new one comes last.
func (h *Handler) sections() []subject.Section {
	return []subject.Section{
		func(ctx context.Context, person people.Person, _ int, _ string) ([]subject.Record, string, error) {
			b, err := h.sums(ctx, person.Keys)
			if err != nil {
				return nil, "", err
			}
			b.Entries = []entry{}
			run, err := h.Newest.Run(ctx)
			return []subject.Record{{Kind: "profile", Value: h.show(person.Profile, run)}, {Kind: "detail", Value: detailOf(person.Profile)}, {Kind: "ledger", Value: b}}, "", err
		},
		func(ctx context.Context, person people.Person, limit int, cursor string) ([]subject.Record, string, error) {
			items, next, err := h.entries(ctx, person.Keys, limit, cursor)
			return subject.Records("entry", items), next, err
		},
		h.Referrals[0], h.Referrals[1],
		func(ctx context.Context, person people.Person, limit int, cursor string) ([]subject.Record, string, error) {
			items, next, err := h.Deliveries.Decisions(ctx, person.Keys, limit, cursor)
			return subject.Records("decision", items), next, err
		},
		func(ctx context.Context, person people.Person, limit int, cursor string) ([]subject.Record, string, error) {
			items, next, err := h.timeline(ctx, person, limit, cursor)
			return subject.Records("event", items), next, err
		},
		h.notes,
		h.orders,
	}
}

// export gives everything that is held, section after section. A cursor is the export's session, the section's number and its own cursor.
func (h *Handler) export(w http.ResponseWriter, r *http.Request) {
	person, page, ok := h.listed(w, r)
	if !ok {
		return
	}
	sections := h.sections()
	number, cursor := 0, ""
	session, own := readSession(page.Cursor)
	if own != "" {
		before, after, cut := strings.Cut(own, ":")
		n, err := strconv.Atoi(before)
		if err != nil || !cut || n < 0 || n >= len(sections) {
			httpapi.ListFailed(w, r, dynamo.ErrCursor, dynamo.ErrCursor)
			return
		}
		number, cursor = n, after
	}
	session, err := h.exporting(r, session, person)
	if err != nil {
		httpapi.Failed(w, r, err)
		return
	}
	items, next, err := sections[number](r.Context(), person, page.Limit, cursor)
	switch {
	case next != "":
		next = session.cursor(number, next)
	case number+1 < len(sections):
		next = session.cursor(number+1, "")
	}
	if err != nil {
		httpapi.ListFailed(w, r, err, dynamo.ErrCursor)
		return
	}
	httpapi.JSON(w, http.StatusOK, httpapi.List[subject.Record]{Items: items, Next: next})
}

// detail is what a profile holds beyond what its own endpoint shows: what is proven, and apart what only public events say.
type detail struct {
	memory
	Unproven    memory                        `json:"unproven"`
	Claims      map[string]profile.Claim      `json:"claims"` // by anonymousId: what devices say of the userId that they have not proved
	ClaimsFrom  *time.Time                    `json:"claimsFrom"`
	Unconfirmed profile.Addresses             `json:"unconfirmed"`
	Confirmed   profile.Stamped               `json:"confirmed"` // the e-mail address at which a link of ours was opened last
	Asked       profile.Stamped               `json:"asked"`     // the one for which a confirmation was asked last
	Off         map[profile.ID]time.Time      `json:"off"`       // devices that were taken off, by key
	Memberships map[string]profile.Membership `json:"memberships"`
	Scores      profile.Scores                `json:"scores"`

	OrderEntries []profile.OrderEntry      `json:"orderEntries"`
	OlderOrders  []profile.Collapsed       `json:"olderOrders"`
	Purchases    profile.Purchases         `json:"purchases"`
	Tagging      profile.Tagging           `json:"tagging"`
	OnLists      map[string]profile.Tagged `json:"onLists"` // what was said of the person and the lists that operators upload
	Erasures     map[profile.ID]time.Time  `json:"erasures"`
}

// memory is one of the two: what somebody did, and what is said of them.
type memory struct {
	FirstSeen     *time.Time                  `json:"firstSeen"`
	LastSeen      *time.Time                  `json:"lastSeen"`
	Traits        profile.Traits              `json:"traits"` // with who said them: the person, or nobody else than the shop
	Counters      map[string]profile.Counter  `json:"counters"`
	Groups        map[string]time.Time        `json:"groups"`
	Cart          map[string]profile.CartLine `json:"cart"`
	CartClearedAt *time.Time                  `json:"cartClearedAt"`
	Touch         map[string]profile.Touch    `json:"touch"`
	ActiveDays    []string                    `json:"activeDays"` // YYYYMMDD, newest first
	Client        profile.Client              `json:"client"`
	Devices       map[string]profile.Client   `json:"devices"`
	Categories    profile.Interests           `json:"categories"`
	Brands        profile.Interests           `json:"brands"`
	Viewed        map[string]time.Time        `json:"viewed"`
	Hours         [profile.HoursOfWeek]uint32 `json:"hours"` // events by hour of the week, Sunday 00:00 UTC first
	Ratings       profile.Ratings             `json:"ratings"`
	Search        profile.Stamped             `json:"search"`
	Locale        profile.Stamped             `json:"locale"`
	Zone          profile.Stamped             `json:"zone"`
	LeftOut       map[string]int64            `json:"leftOut"`
}

func detailOf(p *profile.Profile) detail {
	return detail{
		memory: memoryOf(&p.Memory), Unproven: memoryOf(&p.Unproven), Claims: p.Claims, ClaimsFrom: instant(p.ClaimsFrom), Unconfirmed: p.Unconfirmed, Confirmed: p.Confirmed, Asked: p.Asked, Off: p.Off,
		Memberships: p.Members, Scores: p.Scores, OrderEntries: list(p.Orders.Entries), OlderOrders: list(p.Orders.Base), Purchases: p.Purchases, Tagging: p.Tagging, OnLists: p.OnLists, Erasures: p.Erasures,
	}
}

func memoryOf(m *profile.Memory) memory {
	out := memory{
		FirstSeen: instant(m.FirstSeen), LastSeen: instant(m.LastSeen), Traits: m.Traits, Counters: m.Counters, Groups: m.Groups, Cart: m.Cart,
		CartClearedAt: instant(m.CartClearedAt), Touch: m.Touch, ActiveDays: []string{}, Client: m.Client, Devices: m.Devices, Categories: m.Categories,
		Brands: m.Brands, Viewed: m.Viewed, Ratings: m.Ratings, Search: m.Search, Locale: m.Locale, Zone: m.Zone, LeftOut: m.LeftOut,
	}
	copy(out.Hours[:], m.Hours)
	for i := range len(m.Active.Bits) * 8 {
		if day := m.Active.Last - profile.Day(i); m.Active.Has(day) {
			out.ActiveDays = append(out.ActiveDays, day.String())
		}
	}
	return out
}

// contact is what dispatch remembers of one id of a person.
type contact struct {
	ProfileID    profile.ID                                `json:"profileId"`
	Intents      []intent                                  `json:"intents"`
	Suppressions map[delivery.Channel]delivery.Suppression `json:"suppressions"`
	Withdrawn    map[delivery.Channel]time.Time            `json:"withdrawn,omitempty"` // by the link in a mail
}

type intent struct {
	NotificationID string           `json:"notificationId"`
	Channel        delivery.Channel `json:"channel"`
	Asked          time.Time        `json:"asked"`
	At             time.Time        `json:"at"`
	Tags           []string         `json:"tags"`
	Counted        bool             `json:"counted"` // for the caps
}

// notes are what stands beside a person: codes, which campaigns have had them, what waits for them, and what dispatch remembers.
func (h *Handler) notes(ctx context.Context, person people.Person, _ int, _ string) (found []subject.Record, _ string, _ error) {
	codes, err := h.Codes.CodesOf(ctx, person.Keys)
	if err != nil {
		return nil, "", err
	}
	enrolled, err := h.Enrolments.Of(ctx, person.Keys)
	if err != nil {
		return nil, "", err
	}
	waits, err := h.Waits.Of(ctx, person.Keys, h.Now())
	if err != nil {
		return nil, "", err
	}
	found = slices.Concat(subject.Records("code", codes), subject.Records("campaign", enrolled), subject.Records("wait", waits))
	for _, id := range person.Keys {
		c, err := h.Deliveries.Contact(ctx, id)
		if err != nil {
			return nil, "", err
		}
		if c.Version == 0 {
			continue
		}
		shown := contact{ProfileID: id, Intents: []intent{}, Suppressions: c.Suppressions, Withdrawn: c.Withdrawn}
		for _, i := range c.Intents {
			shown.Intents = append(shown.Intents, intent{i.ID, i.Channel, i.Asked, i.At, list(i.Tags), i.Counted})
		}
		found = append(found, subject.Record{Kind: "contact", Value: shown})
	}
	return found, "", nil
}
