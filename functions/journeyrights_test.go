package functions

import "strings"

// unneeded are granted actions that the journey does not come to use, each with the reason why it is granted.
var unneeded = map[string]string{
	"test-Segmentation sqs:SendMessage test-SettlementQueue":                 "only for an outbox that a crash left ten minutes ago",
	"test-Segmentation sqs:SendMessage test-EventsQueue":                     "only for those who were there before people were listed",
	"test-Orchestration dynamodb:DeleteItem test-Due":                        "strikes off what was due, in a later minute than the test waits for",
	"test-Settlement dynamodb:DeleteItem test-Due":                           "strikes off what was due, in a later minute than the test waits for",
	"test-Projection dynamodb:DeleteItem test-Due":                           "strikes off what was due, in a later minute than the test waits for",
	"test-Projection dynamodb:GetItem test-Deliveries":                       "only for somebody who came back between two passes of a wipe",
	"test-Projection dynamodb:PutItem test-Deliveries":                       "only for somebody who came back between two passes of a wipe",
	"test-Projection sqs:ChangeMessageVisibility test-EventsQueue":           "only for a job that lost its conditions or found something broken",
	"test-Segmentation sqs:ChangeMessageVisibility test-SegmentationQueue":   "only while a service is away or time runs out",
	"test-Orchestration sqs:ChangeMessageVisibility test-OrchestrationQueue": "only while a service is away or time runs out",
	"test-Settlement sqs:ChangeMessageVisibility test-SettlementQueue":       "only while a service is away or time runs out",
	"test-Archive dynamodb:DeleteItem test-Due":                              "strikes off who was erased, in a later minute than the test waits for",
	"test-Archive dynamodb:Scan test-Timeline":                               "only to fill the archive from the timeline that is there",
	"test-Archive dynamodb:Query test-DeadLetters":                           "only when a day is closed",
	"test-Archive s3:DeleteObject *":                                         "only a day after an object was needed last",
	"test-Segmentation s3:GetObject *":                                       "files, lists and erasures only where the archive has any of the days that are asked",
	"test-Reporting s3:GetObject *":                                          "lists and erasures only where somebody was merged or erased since the archive was made",
	"test-Reporting sqs:ChangeMessageVisibility test-ReportingQueue":         "only while a service is away or time runs out",
	"test-Reporting ssm:GetParameters session":                               "only for an operator who asks in the console",
	"test-Reporting ssm:GetParameters session-previous":                      "only for an operator who asks in the console",
	"test-Console dynamodb:PutItem test-Results":                             "only to try a template at an address of the shop's",
	"test-Console sqs:SendMessage test-NotificationsQueue":                   "only to try a template at an address of the shop's",
	"test-Console dynamodb:GetItem test-Profiles":                            "only for a list of members that somebody reads",
	"test-Reporting dynamodb:GetItem test-DeadLetters":                       "only for a question whose job did not come back",
	"test-Reporting dynamodb:Query test-DeadLetters":                         "only for a question whose job did not come back",
	"test-Member dynamodb:GetItem test-Runs":                                 "only for a profile that is asked for five minutes after the first run",
	"test-Archive sqs:ChangeMessageVisibility test-ArchiveQueue":             "only while a service is away or time runs out",
	"test-Dispatch sqs:ChangeMessageVisibility test-NotificationsQueue":      "only while a service is away or time runs out",
	"test-Orchestration dynamodb:GetItem test-Deliveries":                    "only for an entry again that another request has marked meanwhile",
	"test-Dispatch dynamodb:DeleteItem test-Deliveries":                      "takes a decision off a stop's list when another one replaces it",
	"test-Dispatch dynamodb:UpdateItem test-Deliveries":                      "marks an address that the provider calls dead",
	"test-Dispatch dynamodb:GetItem test-Profiles":                           "follows pointers; who stands under the key of the job is read with the rest",
	"test-Dispatch sqs:SendMessage test-NotificationsQueue":                  "hands back what there was no time to begin",
	"test-Orchestration sqs:SendMessage test-OrchestrationQueue":             "hands on what there was no time for",
	"test-Projection dynamodb:BatchGetItem test-Timeline":                    "packs that a process owed when it ended are looked for by the next one",
}

// rights holds the template's grants to what was used.
func (m *machine) rights() {
	m.t.Helper()
	for _, g := range m.stack.UnusedRights() {
		resource := g.Resource[max(strings.LastIndex(g.Resource, ":"), strings.LastIndex(g.Resource, "/"))+1:]
		if unneeded[g.Function+" "+g.Action+" "+resource] == "" {
			m.t.Errorf("granted and never used: %s", g)
		}
	}
	for _, u := range m.stack.Usage() {
		if strings.Contains(u.Error, "AccessDenied") {
			m.t.Errorf("used and never granted: %s %s %s", u.Function, u.Action, u.Resource)
		}
	}
}

// scores are a person's quintiles.
type scores struct{ R, F, M int }
