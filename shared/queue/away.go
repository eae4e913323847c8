package queue

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// ErrNoTime marks a job that was not begun, or not ended, for lack of time: nothing is wrong with it, and it comes again at once.
var ErrNoTime = errors.New("the invocation's time is nearly over")

// ErrNotYet marks a job that needs what another one is to write: it waits for it like for a service that is away.
var ErrNotYet = errors.New("what the job needs is not there yet")

// throttled are the codes by which a service says "not now" as if it were the caller's fault.
var throttled = map[string]bool{
	"ProvisionedThroughputExceededException": true, "ThrottlingException": true, "Throttling": true, "RequestLimitExceeded": true,
	"RequestThrottled": true, "ThrottledException": true, "TooManyRequestsException": true, "KmsThrottled": true,
	"AWS.SimpleQueueService.RequestThrottled": true, "SlowDown": true, "BandwidthLimitExceeded": true, "LimitExceededException": true,
}

// Unavailable says whether an error means that a service could not be asked: it is not reached, does not answer in time, has a fault of its
// own, or throttles. Such an error says nothing about the job.
func Unavailable(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var answered *smithyhttp.ResponseError
	if errors.As(err, &answered) && (answered.HTTPStatusCode() >= http.StatusInternalServerError || answered.HTTPStatusCode() == http.StatusTooManyRequests) {
		return true
	}
	var said smithy.APIError
	if errors.As(err, &said) {
		return said.ErrorFault() == smithy.FaultServer || throttled[said.ErrorCode()]
	}
	var unsent *smithyhttp.RequestSendError
	return errors.As(err, &unsent)
}

// outage is after how long a job comes again for which a service was away: soon for a hiccup, and ten receives last longer than a day. A
// visibility may last twelve hours from the receive on.
var outage = []time.Duration{
	30 * time.Second, 90 * time.Second, 5 * time.Minute, 15 * time.Minute, 45 * time.Minute, 2 * time.Hour, 6 * time.Hour, 11 * time.Hour, 11 * time.Hour,
}

// AwayDelay is after how long a job comes again that has been received so many times and for which a service was away. Up to an eighth of
// it is taken off by jitter, so that not all of them come at once.
func AwayDelay(receives int, jitter func(time.Duration) time.Duration) time.Duration {
	delay := outage[min(max(receives, 1), len(outage))-1]
	return delay - jitter(delay/8)
}
