package sam

// The resource types that one machine runs.
const (
	typeFunction = "AWS::Serverless::Function"
	typeHTTPAPI  = "AWS::Serverless::HttpApi"
	typeTable    = "AWS::DynamoDB::Table"
	typeQueue    = "AWS::SQS::Queue"
	typeBucket   = "AWS::S3::Bucket"
)

// typeRole says what functions and schedules may do.
const typeRole = "AWS::IAM::Role"

// The parts of an HTTP API that is written out, for what AWS::Serverless::HttpApi cannot say, such as an authorizer that depends on a condition.
const (
	typeRawAPI         = "AWS::ApiGatewayV2::Api"
	typeRawStage       = "AWS::ApiGatewayV2::Stage"
	typeRawAuthorizer  = "AWS::ApiGatewayV2::Authorizer"
	typeRawIntegration = "AWS::ApiGatewayV2::Integration"
	typeRawRoute       = "AWS::ApiGatewayV2::Route"
)

var rawTypes = map[string]bool{typeRawAPI: true, typeRawStage: true, typeRawAuthorizer: true, typeRawIntegration: true, typeRawRoute: true}

// unsupported lists types that would change what runs, so that leaving them out in silence would teach wrong.
var unsupported = map[string]string{
	"AWS::Serverless::Api":            "use AWS::Serverless::HttpApi",
	"AWS::Serverless::SimpleTable":    "use AWS::DynamoDB::Table",
	"AWS::Serverless::StateMachine":   "use queues and schedules",
	"AWS::Serverless::Connector":      "use Policies of the function",
	"AWS::Serverless::Application":    "declare the resources here",
	"AWS::Serverless::LayerVersion":   "build everything into the function",
	"AWS::DynamoDB::GlobalTable":      "use AWS::DynamoDB::Table",
	"AWS::Lambda::Function":           "use AWS::Serverless::Function",
	"AWS::Lambda::EventSourceMapping": "use an SQS event of the function",
	"AWS::Lambda::EventInvokeConfig":  "use EventInvokeConfig of the function",
	"AWS::Scheduler::Schedule":        "use a ScheduleV2 event of the function",
	"AWS::IAM::ManagedPolicy":         "use Policies of the role",
	"AWS::IAM::Policy":                "use Policies of the role",
	"AWS::Events::Rule":               "use a Schedule or ScheduleV2 event of the function",
}

// meaningless lists types that a deployment needs and one machine has no use for. A type in none of the lists is a misspelt one, or one
// whose absence nobody has thought about.
var meaningless = map[string]bool{
	"AWS::ApiGatewayV2::ApiMapping":               true,
	"AWS::ApiGatewayV2::DomainName":               true,
	"AWS::ApiGatewayV2::VpcLink":                  true,
	"AWS::ApplicationAutoScaling::ScalableTarget": true,
	"AWS::ApplicationAutoScaling::ScalingPolicy":  true,
	"AWS::ApplicationInsights::Application":       true,
	"AWS::Budgets::Budget":                        true,
	"AWS::CertificateManager::Certificate":        true,
	"AWS::CloudFront::Distribution":               true,
	"AWS::CloudWatch::Alarm":                      true,
	"AWS::CloudWatch::CompositeAlarm":             true,
	"AWS::CloudWatch::Dashboard":                  true,
	"AWS::KMS::Alias":                             true,
	"AWS::KMS::Key":                               true,
	"AWS::Lambda::Permission":                     true,
	"AWS::Logs::LogGroup":                         true,
	"AWS::Logs::MetricFilter":                     true,
	"AWS::ResourceGroups::Group":                  true,
	"AWS::Route53::RecordSet":                     true,
	"AWS::S3::BucketPolicy":                       true,
	"AWS::SNS::Subscription":                      true,
	"AWS::SNS::Topic":                             true,
	"AWS::SNS::TopicPolicy":                       true,
	"AWS::SQS::QueuePolicy":                       true,
	"AWS::SSM::Parameter":                         true,
	"AWS::Scheduler::ScheduleGroup":               true,
	"AWS::SecretsManager::Secret":                 true,
	"AWS::WAFv2::WebACL":                          true,
}

func knownType(kind string) bool {
	switch kind {
	case typeFunction, typeTable, typeQueue, typeBucket, typeHTTPAPI, typeRole:
		return true
	}
	return rawTypes[kind] || meaningless[kind] || unsupported[kind] != ""
}

// implicitAPI is the logical id of the HTTP API that SAM adds for events that name none.
const implicitAPI = "ServerlessHttpApi"

// nameProperty says where a type of resource keeps the name that it may be given.
var nameProperty = map[string]string{
	typeFunction:                  "FunctionName",
	typeTable:                     "TableName",
	typeQueue:                     "QueueName",
	"AWS::Logs::LogGroup":         "LogGroupName",
	"AWS::SNS::Topic":             "TopicName",
	"AWS::CloudWatch::Alarm":      "AlarmName",
	typeRole:                      "RoleName",
	"AWS::Scheduler::Schedule":    "Name",
	typeBucket:                    "BucketName",
	"AWS::SSM::Parameter":         "Name",
	"AWS::SecretsManager::Secret": "Name",
}
