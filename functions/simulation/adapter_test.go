package simulation

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/functions/console"
	"github.com/userops/userops/functions/dispatch"
	"github.com/userops/userops/functions/ingest"
	"github.com/userops/userops/functions/member"
	"github.com/userops/userops/functions/orchestration"
	"github.com/userops/userops/functions/projection"
	"github.com/userops/userops/functions/segmentation"
	"github.com/userops/userops/functions/settlement"
	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/delivery"
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
		Address: n.Address, Text: n.Message.Text + string(n.Message.Payload), Unsubscribe: n.UnsubscribeURL,
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

// make makes a function as its bootstrap does, over the clients and the clock of an instance. Its settings are in the environment.
func makeProgram(function string, db *dynamodb.Client, queues *sqs.Client, now func() time.Time, p *provider, jitter func(time.Duration) time.Duration) program {
	switch function {
	case "ingest":
		return web(ingest.New(load[ingest.Settings](), db, queues, now).Handler())
	case "member":
		return web(member.New(load[member.Settings](), db, queues, now).Handler())
	case "console":
		return web(console.New(load[console.Settings](), db, queues, now).Handler())
	case "projection":
		process := projection.New(load[projection.Settings](), db, queues, now)
		process.Jitter = jitter
		return worker(process.Handle)
	case "segmentation":
		return worker(segmentation.New(load[segmentation.Settings](), db, queues, now).Handle)
	case "orchestration":
		return worker(orchestration.New(load[orchestration.Settings](), db, queues, now).Handle)
	case "settlement":
		return worker(settlement.New(load[settlement.Settings](), db, now).Handle)
	case "dispatch":
		process := dispatch.New(load[dispatch.Settings](), db, now)
		process.Senders[delivery.Email] = sender{p, "email"}
		process.Senders[delivery.Social] = sender{p, "social"}
		return worker(process.Handle)
	}
	panic("no such function: " + function)
}

func load[S any]() S {
	var s S
	if err := settings.Load(&s); err != nil {
		panic(err)
	}
	return s
}

func web(h http.Handler) program { return program{http: h} }

func worker(handle any) program {
	h := lambda.NewHandler(handle)
	return program{handle: h.Invoke}
}
