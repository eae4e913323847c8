package simulation

import (
	"net/http"
	"reflect"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// construct calls a constructor with whatever of the world it asks for, by type: settings from the environment, clients, the clock. So
// the same simulation drives versions whose constructors differ in what they take. Channels, secrets and jitter are set where a process has them.
func construct(constructor any, load func(any) error, db *dynamodb.Client, queues *sqs.Client, now func() time.Time,
	jitter func(time.Duration) time.Duration, sender func(channel string) any, secrets any, more ...any) program {
	f := reflect.ValueOf(constructor)
	var args []reflect.Value
	for i := range f.Type().NumIn() {
		args = append(args, argument(f.Type().In(i), load, append(more, db, queues, now)))
	}
	process := f.Call(args)[0]
	fields := process.Elem()
	if field := fields.FieldByName("Jitter"); field.IsValid() {
		field.Set(reflect.ValueOf(jitter))
	}
	if field := fields.FieldByName("Secrets"); field.IsValid() && reflect.TypeOf(secrets).AssignableTo(field.Type()) {
		field.Set(reflect.ValueOf(secrets))
	}
	if field := fields.FieldByName("Senders"); field.IsValid() {
		for _, channel := range []string{"email", "social"} {
			field.SetMapIndex(reflect.ValueOf(channel).Convert(field.Type().Key()), reflect.ValueOf(sender(channel)))
		}
	}
	var p program
	if handler := process.MethodByName("Handler"); handler.IsValid() {
		p.http = handler.Call(nil)[0].Interface().(http.Handler)
	}
	for _, name := range []string{"Invoke", "Handle"} { // one that takes batches and schedules first
		if handle := process.MethodByName(name); handle.IsValid() && p.handle == nil {
			p.handle = lambda.NewHandler(handle.Interface()).Invoke
		}
	}
	return p
}

func argument(t reflect.Type, load func(any) error, given []any) reflect.Value {
	for _, one := range given {
		if v := reflect.ValueOf(one); v.Type().AssignableTo(t) {
			return v
		}
	}
	s := reflect.New(t)
	check(load(s.Interface()))
	return s.Elem()
}

// textOf is what a notification says. Its content is Message in older versions.
func textOf(notification any) string {
	n := reflect.ValueOf(notification)
	content := n.FieldByName("Content")
	if !content.IsValid() {
		content = n.FieldByName("Message")
	}
	return content.FieldByName("Text").String() + string(content.FieldByName("Payload").Bytes())
}
