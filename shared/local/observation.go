package local

import (
	"github.com/userops/userops/shared/standin/dynamodb"
	"github.com/userops/userops/shared/standin/s3"
	"github.com/userops/userops/shared/standin/sqs"
	"github.com/userops/userops/shared/standin/ssm"
)

func (s *Stack) observeTable(c dynamodb.Call) {
	function, _, _, _ := s.host.Caller(c.AccessKeyID)
	resource := c.Table
	if c.Index != "" {
		resource += "/" + c.Index
	}
	s.meter.add(c.AccessKeyID, Usage{Function: function, Service: "dynamodb", Action: c.Action, Resource: resource, Error: c.ErrorCode, Calls: 1,
		ReadUnits: c.ReadUnits, WriteUnits: c.WriteUnits})
}

func (s *Stack) observeQueue(c sqs.Call) {
	function, _, _, _ := s.host.Caller(c.AccessKeyID)
	s.meter.add(c.AccessKeyID, Usage{Function: function, Service: "sqs", Action: c.Action, Resource: c.Queue, Error: c.ErrorCode, Calls: 1, Requests: c.Requests})
}

func (s *Stack) observeObject(c s3.Call) {
	function, _, _, _ := s.host.Caller(c.AccessKeyID)
	s.meter.add(c.AccessKeyID, Usage{Function: function, Service: "s3", Action: c.Action, Resource: c.Bucket, Error: c.ErrorCode, Calls: 1, Bytes: c.Bytes})
}

func (s *Stack) observeParameter(c ssm.Call) {
	function, _, _, _ := s.host.Caller(c.AccessKeyID)
	s.meter.add(c.AccessKeyID, Usage{Function: function, Service: "ssm", Action: c.Action, Resource: c.Name, Error: c.ErrorCode, Calls: 1})
}
