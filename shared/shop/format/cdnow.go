package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/userops/userops/shared/domain/money"
)

// readCDNOW makes one Order Completed of each line. The master file has customer, date, CDs and dollars; the published sample
// has the customer's number within the sample as a second column, which is left out, so that a person is the same in both.
func readCDNOW(r io.Reader, currency money.Currency, sink Sink) error {
	header, read := 0, 0
	return lines(r, func(number int, line []byte) error {
		fields := bytes.Fields(line)
		if len(fields) > 0 && number == 1 && !isDigits(fields[0]) {
			if string(fields[0]) != "customer_id" {
				return errors.New("line 1 begins neither with a customer's number nor with customer_id: the file has another layout")
			}
			header = 1
			return nil
		}
		if line != nil && len(fields) == 0 {
			return nil
		}
		read++
		if sink.Line != nil {
			sink.Line(read)
		}
		e, err := cdnowOrder(fields, number, number-header, currency)
		if err != nil {
			sink.Refuse(Refusal{Line: number, Row: number - header, Reason: err.Error()})
			return nil
		}
		return sink.Event(e)
	})
}

func cdnowOrder(fields [][]byte, number, row int, currency money.Currency) (Event, error) {
	file := "master"
	switch len(fields) {
	case 4:
	case 5:
		file = "sample"
		fields = append(fields[:1:1], fields[2:]...)
	default:
		return Event{}, fmt.Errorf("the line has %d columns, not 4 or 5", len(fields))
	}
	customer, cds := string(fields[0]), string(fields[2])
	if !isDigits(fields[0]) {
		return Event{}, errors.New("customer is no number")
	}
	// The file has days only. Noon UTC is the same day in every zone from -12 to +11 hours.
	at, err := time.Parse("20060102 15", string(fields[1])+" 12")
	if err != nil {
		return Event{}, errors.New("date is no day like 19970101")
	}
	if n, err := strconv.Atoi(cds); err != nil || n < 0 {
		return Event{}, errors.New("number of CDs is no count")
	}
	dollars, err := money.ParseDecimal(string(fields[3]), hundredths)
	if err != nil {
		return Event{}, fmt.Errorf("dollars %w", err)
	}
	id := fmt.Sprintf("cdnow-%s-%d", file, row)
	return track{
		MessageID: id, UserID: customer, Event: "Order Completed", Timestamp: at,
		Properties: order{
			OrderID: id, Total: decimal(dollars.Minor, hundredths), Currency: string(currency),
			Products: []product{{ProductID: "cd", Quantity: plainNumber(cds)}},
		},
	}.event(number, row)
}
