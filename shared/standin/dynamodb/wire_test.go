package dynamodb

import (
	"fmt"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

func TestValuesOnTheWire(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	deep := func(n int) string { return strings.Repeat(`{"L":[`, n) + `{"S":"x"}` + strings.Repeat(`]}`, n) }
	for _, c := range []struct{ name, value, want string }{
		{"string", `{"S":"héllo"}`, `{"S":"héllo"}`},
		{"escapes", `{"S":"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}`, `{"S":"a\"\\/\b\f\n\r\té😀"}`},
		{"control character", `{"S":"\u0001"}`, `{"S":"\u0001"}`},
		{"lone surrogate", `{"S":"\ud83d!"}`, `{"S":"�!"}`},
		{"surrogate before another escape", `{"S":"\ud83d\u0041"}`, `{"S":"�A"}`},
		{"empty string", `{"S":""}`, `{"S":""}`},
		{"number", `{"N":"0012.50"}`, `{"N":"12.5"}`},
		{"binary", `{"B":"AAH/"}`, `{"B":"AAH/"}`},
		{"true", `{"BOOL":true}`, `{"BOOL":true}`},
		{"false", `{"BOOL":false}`, `{"BOOL":false}`},
		{"null", `{"NULL":true}`, `{"NULL":true}`},
		{"list", `{"L":[{"S":"a"},{"N":"1"},{"L":[]}]}`, `{"L":[{"S":"a"},{"N":"1"},{"L":[]}]}`},
		{"map", `{"M":{"z":{"N":"1"},"a":{"M":{}}}}`, `{"M":{"z":{"N":"1"},"a":{"M":{}}}}`},
		{"string set", `{"SS":["b","a"]}`, `{"SS":["a","b"]}`},
		{"number set", `{"NS":["10","9.0"]}`, `{"NS":["9","10"]}`},
		{"binary set", `{"BS":["/w==","AA=="]}`, `{"BS":["AA==","/w=="]}`},
		{"members that are null", `{"S":null,"N":"1"}`, `{"N":"1"}`},
		{"white space", " { \"S\" :\t\"a\"\r\n} ", `{"S":"a"}`},
		{"32 levels", deep(32), deep(32)},
		{"33 levels", deep(33), "!ValidationException: Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"},
		{"no type", `{}`, "!ValidationException: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
		{"unknown type", `{"X":"1"}`, "!ValidationException: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
		{"two types", `{"S":"1","N":"1"}`, "!ValidationException: Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"},
		{"null that is not true", `{"NULL":false}`, "!ValidationException: One or more parameter values were invalid: Null attribute value types must have the value of true"},
		{"empty string set", `{"SS":[]}`, "!ValidationException: One or more parameter values were invalid: An string set  may not be empty"},
		{"empty number set", `{"NS":[]}`, "!ValidationException: One or more parameter values were invalid: An number set  may not be empty"},
		{"string set with duplicates", `{"SS":["a","a"]}`, "!ValidationException: One or more parameter values were invalid: Input collection [a, a] contains duplicates."},
		{"number set with duplicates", `{"NS":["1","1.0"]}`, "!ValidationException: One or more parameter values were invalid: Input collection contains duplicates"},
		{"number as a number", `{"N":1}`, "!SerializationException: NUMBER_VALUE cannot be converted to String"},
		{"string as true", `{"S":true}`, "!SerializationException: TRUE_VALUE cannot be converted to String"},
		{"list as a string", `{"L":"a"}`, "!SerializationException"},
		{"broken base64", `{"B":"%%"}`, "!SerializationException: Invalid base64 in a Binary attribute value"},
		{"word for a number", `{"N":"one"}`, "!ValidationException: The parameter cannot be converted to a numeric value: one"},
		{"raw control character", "{\"S\":\"\x01\"}", "!SerializationException: Illegal unquoted character in a string of the request body"},
		{"invalid UTF-8", "{\"S\":\"\xff\"}", "!SerializationException: Invalid UTF-8 in a string of the request body"},
		{"unknown escape", `{"S":"\x"}`, "!SerializationException: Unrecognized character escape in the request body"},
		{"missing comma", `{"L":[{"S":"a"}{"S":"b"}]}`, "!SerializationException"},
		{"trailing comma", `{"L":[{"S":"a"},]}`, "!SerializationException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := `{"TableName":"tab","Item":{"pk":{"S":"k"},"v":` + c.value + `}}`
			if strings.HasPrefix(c.want, "!") {
				exchangeCase{"PutItem", body, c.want}.run(t, e)
				return
			}
			exchangeCase{"PutItem", body, `{}`}.run(t, e)
			exchangeCase{"GetItem", `{"TableName":"tab","Key":{"pk":{"S":"k"}}}`, `{"Item":{"pk":{"S":"k"},"v":` + c.want + `}}`}.run(t, e)
		})
	}
}

func TestRequestsThatAreNotUnderstood(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	runAll(t, e, []exchangeCase{
		{"PutItem", ``, "!SerializationException"},
		{"PutItem", `{`, "!SerializationException"},
		{"PutItem", `[]`, "!SerializationException"},
		{"PutItem", `{"TableName":"tab"} x`, "!SerializationException"},
		{"PutItem", `{"TableName":5}`, "!SerializationException: NUMBER_VALUE cannot be converted to String"},
		{"PutItem", `{"TableName":"tab","Item":[]}`, "!SerializationException"},
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a"},"pk":{"S":"b"},"a":{"S":"c"}}}`, "!SerializationException: Duplicate attribute name in a map: pk"},
		{"Query", `{"TableName":"tab","Limit":1.5}`, "!SerializationException: NUMBER_VALUE cannot be converted to Integer"},
		{"Query", `{"TableName":"tab","Limit":99999999999}`, "!SerializationException: NUMBER_VALUE cannot be converted to Integer"},
		{"GetItem", `{"TableName":"tab","ConsistentRead":"yes"}`, "!SerializationException"},
		{"PutItem", `{"Unknown":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`, "!SerializationException: The request body is nested too deeply"},
		{"PutItem", `{"TableName":"tab","Unknown":[1,-2.5e3,true,false,null,{"a":"b"}],"Item":{"pk":{"S":"a"}}}`, `{}`},
		{"PutItem", `{"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/tab","Item":{"pk":{"S":"a"}}}`, `{}`},
		{"PutItem", `{"Item":{"pk":{"S":"a"}}}`, "!ValidationException: 1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null"},
		{"PutItem", `{"TableName":"ab","Item":{"pk":{"S":"a"}}}`, "!ValidationException: 1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3"},
		{"PutItem", `{"TableName":"a b c","Item":{"pk":{"S":"a"}}}`, "!ValidationException: 1 validation error detected: Value 'a b c' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"},
		{"PutItem", `{"TableName":"tab"}`, "!ValidationException: 1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null"},
		{"PutItem", `{"TableName":"none","Item":{"pk":{"S":"a"}}}`, "!ResourceNotFoundException: Requested resource not found"},
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a"}},"Expected":{}}`, "!ValidationException: The legacy parameter Expected is not implemented by this DynamoDB stand-in"},
		{"UpdateItem", `{"TableName":"tab","Key":{"pk":{"S":"a"}},"AttributeUpdates":{}}`, "!ValidationException: The legacy parameter AttributeUpdates is not implemented by this DynamoDB stand-in"},
		{"ExecuteStatement", `{}`, "!UnknownOperationException: The operation ExecuteStatement is not implemented by this DynamoDB stand-in"},
		{"PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a"}},"ReturnConsumedCapacity":"SOME"}`, "!ValidationException: 1 validation error detected: Value 'SOME' at 'returnConsumedCapacity' failed to satisfy constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"},
	})
}

func TestAnswerHeaders(t *testing.T) {
	e := openEngine(t, Options{})
	create(t, e, tableBody("tab", "pk:S"))
	for _, body := range []string{`{"TableName":"tab"}`, `{"TableName":"none"}`} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("X-Amz-Target", targetDynamo+"DescribeTable")
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		if got, want := w.Header().Get("X-Amz-Crc32"), fmt.Sprint(crc32.ChecksumIEEE(w.Body.Bytes())); got != want {
			t.Errorf("X-Amz-Crc32 is %q, want %q", got, want)
		}
		if got, want := w.Header().Get("Content-Length"), strconv.Itoa(w.Body.Len()); got != want {
			t.Errorf("Content-Length is %q, want %q", got, want)
		}
		if got := w.Header().Get("Content-Type"); got != "application/x-amz-json-1.0" {
			t.Errorf("Content-Type is %q", got)
		}
		if got := w.Header().Get("X-Amzn-RequestId"); len(got) != 52 {
			t.Errorf("X-Amzn-RequestId is %q", got)
		}
	}
}

func TestRequestsWithoutTarget(t *testing.T) {
	e := openEngine(t, Options{})
	for _, c := range []struct {
		name, method, target string
		status               int
	}{
		{"browser", http.MethodGet, "", 200},
		{"other method", http.MethodPut, "", 405},
		{"no target", http.MethodPost, "", 400},
		{"another service", http.MethodPost, "AmazonSQS.SendMessage", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "/", strings.NewReader("{}"))
			r.Header.Set("X-Amz-Target", c.target)
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r)
			if w.Code != c.status {
				t.Errorf("status %d, want %d", w.Code, c.status)
			}
		})
	}
}

func TestRequestSizeLimit(t *testing.T) {
	e := openEngine(t, Options{})
	status, got := send(e, "PutItem", strings.Repeat(" ", maxBody+1))
	if code, _ := errorOf(got); status != 413 || code != "RequestEntityTooLargeException" {
		t.Errorf("got %d %s", status, got)
	}
	status, got = send(e, "PutItem", strings.Repeat(" ", maxBody))
	if code, _ := errorOf(got); status != 400 || code != "SerializationException" {
		t.Errorf("at the limit: got %d %s", status, got)
	}
}
