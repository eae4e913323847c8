package definition

import (
	"fmt"
	"slices"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/outreach/template"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/domain/reward/referral"
)

// The kinds that are read by their type.
var (
	Segments = Kind[segment.Definition]{
		Name: Segment, Plural: "segments",
		parse:    checked[segment.Definition],
		identify: func(s *segment.Definition, id string) { s.ID = segment.ID(id) },
		refers:   func(s segment.Definition) []Reference { return asked(s) },
		stands:   segment.Check,
	}
	Campaigns = Kind[campaign.Definition]{
		Name: Campaign, Plural: "campaigns",
		parse:    campaign.Parse,
		identify: func(c *campaign.Definition, id string) { c.ID = id },
		refers:   neededByCampaign,
		stands: func(c campaign.Definition, segments []segment.Definition) error {
			_, err := c.CompileCondition(segments)
			return err
		},
		audience: audienceOfCampaign,
	}
	Templates = Kind[template.Definition]{
		Name: Template, Plural: "templates",
		parse:    template.Parse, // console compiles it too
		identify: func(t *template.Definition, id string) { t.ID = id },
	}
	Programs = Kind[referral.Program]{
		Name: Program, Plural: "programs",
		parse:    referral.Parse,
		identify: func(p *referral.Program, id string) { p.ID = id },
	}
	Sources = Kind[source.Source]{
		Name: Source, Plural: "sources",
		parse:    checked[source.Source],
		identify: func(s *source.Source, id string) { s.ID = source.ID(id) },
	}
)

// Rows are all kinds, in the order of the documentation.
func Rows() []Row { return []Row{Segments, Campaigns, Templates, Programs, Sources, settings{}} }

// asked are the segments that a rule asks by itself. The check of rules tells of those that are not there.
func asked(s segment.Definition) []Reference {
	var all []Reference
	for _, id := range s.Segments() {
		all = append(all, Reference{Kind: Segment, ID: string(id)})
	}
	return all
}

func neededByCampaign(c campaign.Definition) []Reference {
	var all []Reference
	for _, id := range c.Segments() {
		if !id.Derived() {
			all = append(all, Reference{Kind: Segment, ID: string(id), Field: "trigger"})
		}
	}
	for _, id := range c.Templates() {
		all = append(all, Reference{Kind: Template, ID: id, Field: "templateId", unfit: func(d Document) (string, error) {
			t := Templates.Read(d)
			if t.Err == nil && slices.Contains(delivery.Channels(), c.Channel) && t.Value.Channel != c.Channel {
				return fmt.Sprintf("is for the channel %s and not for %s", t.Value.Channel, c.Channel), nil
			}
			if t.Err == nil && delivery.KindOf(c.Channel).OptOut && t.Value.OptsOut() == c.Transactional {
				return optOutFault(c.Transactional), nil
			}
			return "", t.Err
		}})
	}
	return append(all, asked(segment.Definition{Rule: c.Condition})...)
}

// optOutFault is what is wrong with a template that says how to want no more, or does not. Providers refuse the one as the other.
func optOutFault(transactional bool) string {
	if transactional {
		return "says how to want no more, which is for advertising alone"
	}
	return "has no words by which to want no more, such as 拒收请回复R"
}

// audienceOfCampaign is the segment of its trigger. Its condition is asked of each person when a notification is due.
func audienceOfCampaign(c campaign.Definition) (segment.ID, error) {
	if ids := c.Segments(); len(ids) > 0 {
		return ids[0], nil
	}
	return "", fault.Faults{{Field: "trigger", Reason: "is an event, which has no audience: it takes each person when they do it"}}
}
