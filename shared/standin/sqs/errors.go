package sqs

import "fmt"

// fault is an error of the service: its code in the JSON protocol, the older code that SDKs still report
// (empty if the same), and a message.
type fault struct {
	code, query, message string
	status               int
}

func (f *fault) Error() string { return f.code + ": " + f.message }

// wireCode is the code that clients of the query protocol knew and that today's SDKs report.
func (f *fault) wireCode() string {
	if f.query != "" {
		return f.query
	}
	return f.code
}

const legacy = "AWS.SimpleQueueService."

func faultf(code, query, format string, args ...any) *fault {
	return &fault{code: code, query: query, message: fmt.Sprintf(format, args...), status: 400}
}

func noQueue() *fault {
	return faultf("QueueDoesNotExist", legacy+"NonExistentQueue", "The specified queue does not exist.")
}

func missing(parameter string) *fault {
	return faultf("MissingParameter", "", "The request must contain the parameter %s.", parameter)
}

func invalidValue(format string, args ...any) *fault {
	return faultf("InvalidParameterValue", "", format, args...)
}

func invalidParameter(value any, parameter, reason string) *fault {
	return invalidValue("Value %v for parameter %s is invalid. Reason: %s", value, parameter, reason)
}

func unsupported(format string, args ...any) *fault {
	return faultf("UnsupportedOperation", legacy+"UnsupportedOperation", format, args...)
}

func badReceipt(handle string) *fault {
	return faultf("ReceiptHandleIsInvalid", "", "The input receipt handle %q is not a valid receipt handle.", shorten(handle))
}

func notFound(format string, args ...any) *fault {
	f := faultf("ResourceNotFoundException", "", format, args...)
	f.status = 404
	return f
}

func internal(err error) *fault {
	f := faultf("InternalFailure", "", "%v", err)
	f.status = 500
	return f
}

func closed() *fault {
	f := faultf("ServiceUnavailable", "", "The stand-in is stopping.")
	f.status = 503
	return f
}

func malformed(format string, args ...any) *fault {
	return faultf("SerializationException", "", format, args...)
}

// shorten keeps hostile input from filling an error message.
func shorten(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
