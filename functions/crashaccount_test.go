//go:build linux

package functions

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/cloud"
)

// account compares what came of it with what was accepted.
func (x *trial) account() {
	stored := x.child.people()
	if len(stored) != crashPeople {
		x.t.Errorf("%d profiles, want %d", len(stored), crashPeople)
	}
	friends := [advocates]int64{}
	for i, want := range x.people {
		name := person(i)
		p := stored[name]
		if p == nil {
			x.t.Errorf("%s has no profile", name)
			continue
		}
		var total, revenue int64
		for _, c := range p.Counters {
			total += c.Total
		}
		for _, a := range p.Orders.Revenue() {
			revenue += a.Minor
		}
		// A claim is an event of its own, if the version makes one; orders and visits are exact in any case.
		if int(p.Counters["Store Visited"].Total) != want.visits || p.Orders.Count != want.orders || revenue != want.cents || int(total) < want.events {
			x.t.Errorf("%s: %d events, %d visits, %d orders, %d cents; accepted were %+v", name, total, p.Counters["Store Visited"].Total, p.Orders.Count, revenue, want)
		}
		if n := x.timeline(name); n < want.events {
			x.t.Errorf("%s: the timeline has %d events, accepted were %d", name, n, want.events)
		}
		x.decisions(name, want)
		if i >= advocates && want.orders > 0 {
			friends[i%advocates]++
			x.points(name, 200)
		}
	}
	for i, n := range friends {
		x.points(person(i), 500*n)
	}
	x.book()
	x.archive()
	for _, id := range x.runs {
		var report runReport
		// There are more of them than operators' routes take in a second.
		if err := json.Unmarshal(x.insist("GET", "/v1/runs/"+id, operatorKey, "", http.StatusOK), &report); err != nil || report.State != "finished" {
			x.t.Errorf("run %s is %s", id, report.State)
		}
	}
	if report := x.finalRun(); report.Profiles != crashPeople {
		x.t.Errorf("a run at rest sees %d profiles, want %d", report.Profiles, crashPeople)
	}
}

func (x *trial) finalRun() runReport {
	var started struct{ RunID string }
	x.machine.call(http.StatusAccepted, "POST", "/v1/runs", operatorKey, "{}", &started)
	x.rest()
	var report runReport
	x.machine.call(http.StatusOK, "GET", "/v1/runs/"+started.RunID, operatorKey, "", &report)
	return report
}

// pages reads all of a list.
func (x *trial) pages(path string, each func(json.RawMessage)) {
	for cursor := ""; ; {
		var page struct {
			Items []json.RawMessage
			Next  string
		}
		x.machine.call(http.StatusOK, "GET", path+"?limit=100&cursor="+cursor, serverKey, "", &page)
		for _, item := range page.Items {
			each(item)
		}
		if cursor = page.Next; cursor == "" {
			return
		}
	}
}

// timeline counts the events of a person; the same one twice is a fault.
func (x *trial) timeline(name string) int {
	seen := map[string]bool{}
	x.pages("/v1/profiles/"+name+"/events", func(item json.RawMessage) {
		var e struct{ MessageID string }
		if json.Unmarshal(item, &e) != nil || e.MessageID == "" || seen[e.MessageID] {
			x.t.Errorf("%s: the timeline has %s twice, or without an id", name, item)
		}
		seen[e.MessageID] = true
	})
	return len(seen)
}

// decisions wants one decision for every visit, and one for having become a buyer.
func (x *trial) decisions(name string, want tally) {
	outcomes, seen := map[string]int{}, map[string]bool{}
	x.pages("/v1/profiles/"+name+"/decisions", func(item json.RawMessage) {
		var d struct{ NotificationID, CampaignID, Outcome, Reason string }
		if json.Unmarshal(item, &d) != nil || seen[d.NotificationID] {
			x.t.Errorf("%s: decided twice: %s", name, item)
		}
		seen[d.NotificationID] = true
		outcomes[d.CampaignID]++
		switch {
		case d.Outcome == "sent", d.Outcome == "unknown": // unknown is a provider's call that a crash cut off
		case d.Reason == "contactFull": // ten minutes of visits are more than a contact record holds
		default:
			x.t.Errorf("%s: %s", name, item)
		}
	})
	if outcomes["visit"] != want.visits || outcomes["buyer"] != min(want.orders, 1) {
		x.t.Errorf("%s: %v decisions, for %d visits and %d orders", name, outcomes, want.visits, want.orders)
	}
}

func (x *trial) points(name string, want int64) {
	book := x.machine.call(http.StatusOK, "GET", "/v1/profiles/"+name+"/ledger", serverKey, "", nil)
	var held struct{ Balance []struct{ Points int64 } }
	err := json.Unmarshal([]byte(book), &held)
	got := int64(0)
	for _, b := range held.Balance {
		got += b.Points
	}
	if err != nil || got != want {
		x.t.Errorf("%s has %d points, want %d (%v)", name, got, want, err)
	}
}

// book sums every entry of the ledger: to zero.
func (x *trial) book() {
	db := dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: aws.String(x.child.at.DynamoDB), HTTPClient: cloud.Client(),
		Credentials: credentials.NewStaticCredentialsProvider("developer", "developer", "")})
	sum, entries := int64(0), 0
	pages := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{TableName: aws.String("test-Ledger"), ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			x.t.Fatal(err)
		}
		for _, item := range page.Items {
			sk, _ := item["sk"].(*types.AttributeValueMemberS)
			amount, _ := item["amount"].(*types.AttributeValueMemberN)
			if sk == nil || amount == nil || !strings.HasPrefix(sk.Value, "e#") {
				continue
			}
			n, err := strconv.ParseInt(amount.Value, 10, 64)
			if err != nil {
				x.t.Fatal(err)
			}
			sum += n
			entries++
		}
	}
	if sum != 0 {
		x.t.Errorf("the ledger's %d entries sum to %d", entries, sum)
	}
}
