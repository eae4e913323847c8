package simulation

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/functions/archive"
	"github.com/userops/userops/functions/console"
	"github.com/userops/userops/functions/dispatch"
	"github.com/userops/userops/functions/ingest"
	"github.com/userops/userops/functions/member"
	"github.com/userops/userops/functions/orchestration"
	"github.com/userops/userops/functions/projection"
	"github.com/userops/userops/functions/segmentation"
	"github.com/userops/userops/functions/settlement"
	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/settings"
)

// sender is a channel of dispatch.
type sender struct {
	provider *provider
	channel  string
}

func (s sender) Send(ctx context.Context, n channel.Notification) error {
	what := s.provider.take(ctx, sending{
		Channel: s.channel, Notification: n.ID, Campaign: n.CampaignID, Profile: string(n.ProfileID), UserID: n.UserID,
		Address: n.Address, Text: textOf(n), Unsubscribe: n.UnsubscribeURL,
	})
	switch what.answer {
	case tookIt:
		return nil
	case refused:
		return &channel.Error{Class: channel.Reject, Code: "550", Bounce: what.bounce}
	case notNow:
		return &channel.Error{Class: channel.Retry, Code: "450", After: what.after}
	}
	return &channel.Error{Class: channel.Uncertain, Code: "timeout"}
}

// constructors make the functions, as their bootstraps do.
var constructors = map[string]any{
	"archive": archive.New, "console": console.New, "dispatch": dispatch.New, "ingest": ingest.New, "member": member.New,
	"orchestration": orchestration.New, "projection": projection.New, "segmentation": segmentation.New, "settlement": settlement.New,
}

// makeProgram makes a function over the clients and the clock of an instance. Its settings are in the environment.
func makeProgram(function string, db *dynamodb.Client, queues *sqs.Client, now func() time.Time, p *provider, jitter func(time.Duration) time.Duration) program {
	load := func(s any) error { return settings.Load(s) }
	return construct(constructors[function], load, db, queues, now, jitter, func(channel string) any { return sender{p, channel} }, p.w.vault.store(now), p.objects)
}
