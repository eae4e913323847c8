package profile

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/userops/userops/functions/member/subject"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/httpapi"
)

// view is a profile as the API shows it. What is not known yet is null; tiers are not computed yet.
type view struct {
	ProfileID   profile.ID                 `json:"profileId"`
	IDs         []profile.Identifier       `json:"ids"`
	FirstSeen   time.Time                  `json:"firstSeen"`
	LastSeen    time.Time                  `json:"lastSeen"`
	Traits      map[string]any             `json:"traits"`
	Tags        []string                   `json:"tags"`
	Tagged      []tagged                   `json:"tagged"`
	Orders      orders                     `json:"orders"`
	Lifecycle   *string                    `json:"lifecycle"`
	Stage       *string                    `json:"stage"`
	Activity    *activity                  `json:"activity"`
	RFM         *rfm                       `json:"rfm"`
	Predictions *predictions               `json:"predictions"`
	Segments    []string                   `json:"segments"`
	Tier        any                        `json:"tier"`
	Consent     map[string]profile.Consent `json:"consent"` // by profile.ConsentKey

	Demographics demographics             `json:"demographics"`
	Place        where                    `json:"place"`
	Addresses    map[string]address       `json:"addresses"` // by channel, those that there are
	Devices      []device                 `json:"devices"`
	Tokens       []pushToken              `json:"pushTokens"`
	Interests    interests                `json:"interests"`
	Cart         cart                     `json:"cart"`
	Touch        map[string]profile.Touch `json:"touch"` // first and last
	Parts        []profile.ID             `json:"mergedFrom"`
	Unproven     doubt                    `json:"unproven"`
}

// doubt is what of all that is shown only public events say, and what waits to be proven.
type doubt struct {
	Traits   []string          `json:"traits"`
	Segments []string          `json:"segments"`
	Devices  []claimed         `json:"claimedDevices"`
	Address  map[string]string `json:"addresses"` // by channel: to be confirmed
}

// claimed is a device that names the person's userId and has not proved to be the person's.
type claimed struct {
	AnonymousID string    `json:"anonymousId"`
	At          time.Time `json:"at"`
}

type orders struct {
	Count   int            `json:"count"`
	Revenue []money.Amount `json:"revenue"`
	FirstAt *time.Time     `json:"firstAt"`
	LastAt  *time.Time     `json:"lastAt"`
}

// activity is how lively somebody is, 0 to 100 today, and the band of the last run.
type activity struct {
	Score int    `json:"score"`
	Band  string `json:"band"`
}

type rfm struct {
	R         int    `json:"r"`
	F         int    `json:"f"`
	M         int    `json:"m"`
	Class8    string `json:"class8"`
	Segment11 string `json:"segment11"`
	Class15   string `json:"class15"`
}

// show shows a profile, with what a run predicts of it; nil for none.
func (h *Handler) show(p *profile.Profile, run *score.Run) view {
	now := h.Now()
	doubt, predicted, proven := doubtOf(p), predict(p, run, now), p
	p = p.All()
	v := view{
		ProfileID: p.ID, IDs: idsOf(p), FirstSeen: p.FirstSeen, LastSeen: p.LastSeen,
		Traits: map[string]any{}, Tags: p.Tags(), Tagged: taggedOf(p), Segments: slices.Sorted(maps.Keys(p.Members)), Consent: p.Consent,
		Orders:       orders{Count: p.Orders.Count, Revenue: p.Orders.Revenue(), FirstAt: instant(p.Orders.FirstAt()), LastAt: instant(p.Orders.LastAt())},
		Demographics: demographicsOf(p, now), Place: placeOf(p), Addresses: addressesOf(p), Devices: devicesOf(p), Tokens: tokensOf(p),
		Interests: interestsOf(p, now), Cart: cartOf(p, proven, h.Currency), Touch: p.Touch, Parts: list(p.Parts), Unproven: doubt, Predictions: predicted,
	}
	for name, trait := range p.Traits {
		v.Traits[name] = trait.Value
	}
	s := p.Scores
	if p.RefusesProfiling() {
		s = profile.Scores{} // whatever a run of the version before has stored
	}
	if s.R != 0 || s.Class15 != "" {
		v.RFM = &rfm{R: s.R, F: s.F, M: s.M, Class8: s.Class8, Segment11: s.Segment11, Class15: s.Class15}
	}
	if shop, ok := shopOf(run); ok && s.Activity != "" {
		v.Activity = &activity{Score: score.Activity(p, shop.Day(now)), Band: s.Activity}
	}
	v.Lifecycle, v.Stage = text(s.Lifecycle), text(s.Stage)
	v.Tags, v.Segments = list(v.Tags), list(v.Segments)
	if v.Consent == nil {
		v.Consent = map[string]profile.Consent{}
	}
	if v.Touch == nil {
		v.Touch = map[string]profile.Touch{}
	}
	return v
}

// idsOf are the person's ids. How often a device was taken off somebody is ours to know.
func idsOf(p *profile.Profile) []profile.Identifier {
	ids := []profile.Identifier{}
	for _, i := range p.Identifiers {
		ids = append(ids, profile.Identifier{Kind: i.Kind.Base(), Value: i.Value})
	}
	return ids
}

func doubtOf(p *profile.Profile) doubt {
	d := doubt{Traits: []string{}, Segments: []string{}, Devices: []claimed{}, Address: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(p.Unproven.Traits)) {
		if _, proven := p.Traits[name]; !proven {
			d.Traits = append(d.Traits, name)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.Members)) {
		if p.Members[id].Unproven {
			d.Segments = append(d.Segments, id)
		}
	}
	for _, device := range slices.Sorted(maps.Keys(p.Claims)) {
		d.Devices = append(d.Devices, claimed{device, p.Claims[device].At})
	}
	for channel, s := range map[string]profile.Stamped{profile.ChannelEmail: p.Unconfirmed.Email, profile.ChannelSMS: p.Unconfirmed.Phone} {
		if s.Value != "" && s.Value != p.Address(channel) {
			d.Address[channel] = s.Value
		}
	}
	return d
}

// instant is nil for the zero time.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (h *Handler) profile(w http.ResponseWriter, r *http.Request) {
	if person, ok := h.Find(w, r); ok && subject.Exists(w, person) {
		run, err := h.Newest.Run(r.Context())
		if err != nil {
			httpapi.Failed(w, r, err)
			return
		}
		answer(w, r, profileMask, h.show(person.Profile, run))
	}
}
