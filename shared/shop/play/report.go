package play

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
)

// names says what the classes mean, in the words of those who work with them.
var names = map[string]string{
	"111": "重要价值 key value", "101": "重要发展 key development", "011": "重要保持 key retention", "001": "重要挽留 key win-back",
	"110": "一般价值 general value", "100": "一般发展 general development", "010": "一般保持 general retention", "000": "一般挽留 general win-back",
}

// report prints what came of the performance.
func (p *Play) report(ctx context.Context, script *Script, r *run, c *circle) error {
	p.say("\n%d people, %d orders, revenue %s. Run %s as of %s: %d profiles, %d changed.",
		script.People+len(c.friends), script.Orders, amount(script.Revenue), r.RunID, r.AsOf, r.Profiles, r.Changed)
	for _, group := range []struct{ title, key string }{{"Eight classes (R F M, 1 = good)", "class8"}, {"Eleven segments", "segment11"}, {"Lifecycle", "lifecycle"}} {
		p.table(group.title, r.Counts[group.key])
	}
	p.say("\nSegments")
	w := tabwriter.NewWriter(p.Out, 2, 0, 2, ' ', 0)
	for _, s := range segments {
		_, _ = fmt.Fprintf(w, "  %s\t%d\t%s\n", s.id, r.Segments[s.id], s.name)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	for _, print := range []func(context.Context) error{p.notifications, p.decisions, p.called, p.leaderboard, p.book} {
		if err := print(ctx); err != nil {
			return err
		}
	}
	if err := p.reports(ctx, script); err != nil {
		return err
	}
	p.say("\nReferrals")
	for _, f := range c.friends {
		p.say("  %s came by %s: %s", f.person.userID, f.advocate, f.state)
	}
	for _, refusal := range c.refusals {
		p.say("  refused: %s", refusal)
	}
	p.say("\nLook around: %s/local/inbox", p.Client.Base)
	p.say("  curl -u %s: %s/v1/profiles/%s", p.Client.ServerKey, p.Client.Base, first)
	p.say("  curl -u %s: %s/v1/runs/%s", p.Client.OperatorKey, p.Client.Base, r.RunID)
	p.say("  curl -u %s: %s/v1/segments", p.Client.OperatorKey, p.Client.Base)
	p.say("  %s/console/reports/funnel", p.Client.Base)
	return nil
}

// table prints counts by class, the largest first, with a bar each.
func (p *Play) table(title string, counts map[string]int) {
	p.say("\n%s", title)
	keys, most := make([]string, 0, len(counts)), 1
	for k, n := range counts {
		keys, most = append(keys, k), max(most, n)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
	for _, k := range keys {
		p.say("  %-20s %4d %-24s %s", k, counts[k], strings.Repeat("#", 1+23*counts[k]/most), names[k])
	}
}

// notifications prints what lies in the local inbox. A stack elsewhere has none.
func (p *Play) notifications(ctx context.Context) error {
	answer, err := p.Client.Call(ctx, http.MethodGet, "/local/inbox.json", p.Client.OperatorKey, nil)
	if err != nil {
		return err
	}
	if answer.Status == http.StatusNotFound {
		p.say("\nThis stack has no local inbox: its notifications went to the channels that it is set up with.")
		return nil
	}
	letters, err := parseInbox(answer)
	if err != nil {
		return err
	}
	bySubject := map[string]int{}
	for _, l := range letters {
		bySubject[l.Subject]++
	}
	p.say("\nLocal inbox: %d notifications", len(letters))
	subjects := slices.SortedFunc(maps.Keys(bySubject), func(a, b string) int { return cmp.Or(bySubject[b]-bySubject[a], cmp.Compare(a, b)) })
	for _, subject := range subjects[:min(2*maxListed, len(subjects))] {
		p.say("  %3d  %s", bySubject[subject], subject)
	}
	if len(subjects) > 2*maxListed {
		p.say("  and %d more subjects", len(subjects)-2*maxListed)
	}
	return nil
}

// decisions prints why one person got a notification or did not.
func (p *Play) decisions(ctx context.Context) error {
	var list struct {
		Items []struct {
			CampaignID string `json:"campaignId"`
			Outcome    string `json:"outcome"`
			Reason     string `json:"reason"`
		} `json:"items"`
	}
	if err := p.Client.Ask(ctx, http.MethodGet, "/v1/profiles/"+first+"/decisions", p.Client.ServerKey, nil, &list); err != nil {
		return fmt.Errorf("reading decisions: %w", err)
	}
	p.say("\nDecisions about %s", first)
	if len(list.Items) == 0 {
		p.say("  none")
	}
	for _, d := range list.Items[:min(maxListed, len(list.Items))] {
		p.say("  %-20s %s %s", d.CampaignID, d.Outcome, d.Reason)
	}
	return nil
}

// surname is one that several people of the shop have, as somebody at a till types it.
const surname = "wang"

// called prints who is found by a name, as a viewer sees them.
func (p *Play) called(ctx context.Context) error {
	var list struct {
		Items []struct {
			Name  string `json:"name"`
			Proof string `json:"proof"`
		} `json:"items"`
		Next string `json:"next"`
	}
	if err := p.Client.Ask(ctx, http.MethodGet, "/v1/people?q=name:"+surname, p.Client.OperatorKey, nil, &list); err != nil {
		return fmt.Errorf("looking for people by name: %w", err)
	}
	more := ""
	if list.Next != "" {
		more = " and more"
	}
	p.say("\nCalled %s: %d%s", surname, len(list.Items), more)
	for _, one := range list.Items[:min(maxListed, len(list.Items))] {
		p.say("  %-20s says %s", one.Name, one.Proof)
	}
	return nil
}

func (p *Play) leaderboard(ctx context.Context) error {
	var board struct {
		Items []struct {
			Rank    int    `json:"rank"`
			Name    string `json:"name"`
			Settled int    `json:"settled"`
		} `json:"items"`
	}
	if err := p.Client.Ask(ctx, http.MethodGet, "/v1/programs/"+programID+"/leaderboard", p.Client.ServerKey, nil, &board); err != nil {
		return fmt.Errorf("reading the leaderboard: %w", err)
	}
	p.say("\nLeaderboard of %s", programID)
	for _, place := range board.Items {
		friends := "friends"
		if place.Settled == 1 {
			friends = "friend"
		}
		p.say("  %d. %-12s %d %s", place.Rank, place.Name, place.Settled, friends)
	}
	return nil
}

// book prints the first advocate's points.
func (p *Play) book(ctx context.Context) error {
	var book struct {
		Balance []map[string]any `json:"balance"`
		Entries []struct {
			Kind   string         `json:"kind"`
			Amount map[string]any `json:"amount"`
		} `json:"entries"`
	}
	if err := p.Client.Ask(ctx, http.MethodGet, "/v1/profiles/"+first+"/ledger", p.Client.ServerKey, nil, &book); err != nil {
		return fmt.Errorf("reading a ledger: %w", err)
	}
	p.say("\nLedger of %s: balance %s", first, quantities(book.Balance))
	for _, e := range book.Entries[:min(maxListed, len(book.Entries))] {
		p.say("  %-12s %s", e.Kind, quantities([]map[string]any{e.Amount}))
	}
	return nil
}

// quantities writes ledger amounts such as {"points": 500}.
func quantities(list []map[string]any) string {
	var parts []string
	for _, q := range list {
		for unit, n := range q {
			if sum, ok := n.(float64); ok {
				parts = append(parts, fmt.Sprintf("%.0f %s", sum, unit))
			} else {
				parts = append(parts, fmt.Sprintf("%v %s", n, unit))
			}
		}
	}
	slices.Sort(parts)
	return cmp.Or(strings.Join(parts, ", "), "0 points")
}
