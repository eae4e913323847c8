package main

import (
	"net/http"
	"os"

	"github.com/userops/userops/shared/local"
)

func options(file, build string, parameters map[string]string) local.Options {
	first := newVisit()
	return local.Options{
		Doors: func(a local.Addresses) map[string]http.Handler {
			return map[string]http.Handler{visitPath: first.at(a)}
		},
		Inbox: true, TemplatePath: file, BuildDir: build, StackName: "userops", Parameters: parameters, Defaults: defaults, DataDir: setting("DATA", ".userops"),
		GatewayAddr: setting("GATEWAY_ADDR", "127.0.0.1:8080"), DynamoDBAddr: setting("DYNAMODB_ADDR", "127.0.0.1:8000"),
		SQSAddr: setting("SQS_ADDR", "127.0.0.1:9324"), SMTPAddr: setting("SMTP_ADDR", "127.0.0.1:1025"), LambdaAddr: setting("LAMBDA_ADDR", "127.0.0.1:0"),
		S3Addr: setting("S3_ADDR", "127.0.0.1:0"), SSMAddr: setting("SSM_ADDR", "127.0.0.1:0"),
		Secrets: map[string]string{"/userops/user-hash": demoUserSecret, "/userops/session": demoSessionSecret, "/userops/webhook-secret": demoWebhookSecret, "/userops/sms-secret": local.SMSSecret},
		SecretsAt: func(a local.Addresses) map[string]string {
			return map[string]string{"/userops/fcm-account": local.FCMAccount(a), "/userops/apns-key": local.APNSKey()}
		},
		DynamoDBEndpoint: os.Getenv("AWS_ENDPOINT_URL_DYNAMODB"), SQSEndpoint: os.Getenv("AWS_ENDPOINT_URL_SQS"),
		Notes: func(a local.Addresses) []local.Note {
			return []local.Note{
				{Label: "keys", Text: "write " + demoWriteKey + ", server " + demoServerKey + ", operator " + demoOperatorKey},
				{Label: "console", Text: a.Gateway + "/console; signed in, once: " + first.address(a)},
			}
		},
	}
}

func setting(name, fallback string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return fallback
}

// defaults are the parameters of the template that suit one machine; -param wins over them.
func defaults(a local.Addresses) map[string]string {
	return map[string]string{
		"DynamoDBEndpoint": a.DynamoDB,
		"SQSEndpoint":      a.SQS,
		"S3Endpoint":       a.S3,
		"SSMEndpoint":      a.SSM,
		"ArchiveWindow":    "1",
		"ArchiveSchedule":  "rate(1 minute)", // whoever tries something wants to ask for it
		"DefaultWriteKey":  demoWriteKey,
		"ServerKeyHash":    hash(demoServerKey),
		"OperatorKeyHash":  hash(demoOperatorKey),
		"PublicUrl":        a.Gateway,
		"PagesApi":         a.Gateway,
		"SmtpAddress":      a.SMTP,
		"MailFrom":         "shop@shop.example",
		"SmsKeyId":         local.SMSKeyID,
		"SmsSignName":      "茶铺",
		"SmsEndpoint":      a.Gateway + "/local/sms",
		"FcmProject":       local.FCMProject,
		"FcmEndpoint":      a.Gateway + "/local/fcm",
		"ApnsTopic":        local.APNSTopic,
		"ApnsKeyId":        local.APNSKeyID,
		"ApnsTeamId":       local.APNSTeam,
		"ApnsEndpoint":     a.Gateway + "/local/apns",
		"WebhookUrl":       a.Gateway + "/local/webhook/shop",
		"LogLevel":         "DEBUG", // lines of refused events name the event
	}
}
