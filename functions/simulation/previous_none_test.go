//go:build !previous

package simulation

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

const havePrevious = false

var previousConstructors map[string]any

func makePrevious(string, *dynamodb.Client, *sqs.Client, func() time.Time, *provider, func(time.Duration) time.Duration) program {
	panic("the version before is not built in: make sim PREVIOUS=<commit>")
}
