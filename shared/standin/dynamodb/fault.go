package dynamodb

import "fmt"

// fault is an error the caller is told about, in the service's words.
type fault struct {
	kind    string // with its name space, as sent in __type
	message string
	status  int
	members []byte // further JSON members, each with a leading comma
}

func (f *fault) Error() string { return f.message }

// code is the error's name without its name space.
func (f *fault) code() string {
	for i := len(f.kind) - 1; i >= 0; i-- {
		if f.kind[i] == '#' {
			return f.kind[i+1:]
		}
	}
	return f.kind
}

const (
	dynamoSpace   = "com.amazonaws.dynamodb.v20120810#"
	serviceSpace  = "com.amazon.coral.service#"
	validateSpace = "com.amazon.coral.validate#"
)

func newFault(name, format string, args ...any) *fault {
	return &fault{kind: dynamoSpace + name, message: fmt.Sprintf(format, args...), status: 400}
}

func invalid(format string, args ...any) *fault {
	return &fault{kind: validateSpace + "ValidationException", message: fmt.Sprintf(format, args...), status: 400}
}

func badParameter(format string, args ...any) *fault {
	return invalid("One or more parameter values were invalid: "+format, args...)
}

func constraint(value any, member, rule string) *fault {
	return invalid("1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

func badJSON(format string, args ...any) *fault {
	return &fault{kind: serviceSpace + "SerializationException", message: fmt.Sprintf(format, args...), status: 400}
}

func denied(text string) *fault {
	return &fault{kind: serviceSpace + "AccessDeniedException", message: text, status: 400}
}

func unknownOperation(text string) *fault {
	return &fault{kind: serviceSpace + "UnknownOperationException", message: text, status: 400}
}

func notImplemented(what string) *fault {
	return invalid("%s is not implemented by this DynamoDB stand-in", what)
}

func internal(err error) *fault {
	return &fault{kind: dynamoSpace + "InternalServerError", message: "Internal server error: " + err.Error(), status: 500}
}

func noTable() *fault {
	return newFault("ResourceNotFoundException", "Requested resource not found")
}

func noSuchTable(name string) *fault {
	return newFault("ResourceNotFoundException", "Requested resource not found: Table: %s not found", name)
}

// asFault turns any error into one that can be answered.
func asFault(err error) *fault {
	if f, ok := err.(*fault); ok {
		return f
	}
	return internal(err)
}
