// Package format reads files that shops and researchers publish as events of the tracking protocol. It is not the sender: it
// knows no gateway and no network. The surprising thing: every event gets a messageId that follows from the file alone, so that
// a file may be sent twice, or half and then again, and still counts once.
package format

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
)

// Format names a layout of files.
type Format string

// The layouts that Read knows.
const (
	CompleteJourney Format = "complete-journey" // 84.51° The Complete Journey, transactions: a line is a product in a basket
	CDNOW           Format = "cdnow"            // Fader and Hardie: a line is an order
	OnlineRetail    Format = "online-retail"    // UCI Online Retail as CSV: a line is a product on an invoice
	REES46          Format = "rees46"           // REES46 Open CDP: a line is a view, cart or purchase
	Segment         Format = "segment"          // newline-delimited JSON: a line is an event of the protocol
	CSV             Format = "csv"              // a shop's own table, whose columns Options.Map names: orders, or people
	Shopify         Format = "shopify"          // the CSV that Shopify exports of orders, or of customers
	WooCommerce     Format = "woocommerce"      // the CSV that WooCommerce's exporters write of orders, or of customers
)

// Options are what a file does not say of itself.
type Options struct {
	Currency money.Currency // of amounts that name none; empty: the shop's own
	// The others are for tables of shops: csv, shopify, woocommerce.
	Map      string            // of csv alone: which column is what, as in order_id:No.,userId:Customer,currency:=CNY
	Zone     *time.Location    // of times that name none; nil is UTC
	Dates    string            // dmy or mdy: what comes first in 03/04/2026; empty: a date of which that cannot be told is refused
	Encoding string            // utf-8, gbk, windows-1252; empty: told from the text
	Now      time.Time         // a time more than a day after it is refused; zero: none is
	People   map[string]string // userIds by e-mail address in lower case, for orders that name their customer by the address alone
}

// Formats lists the layouts as a person would name them.
func Formats() string {
	return "csv, shopify, woocommerce, complete-journey, cdnow, online-retail, rees46, segment"
}

// Event is one event as it goes into a batch.
type Event struct {
	Line, Row int    // the line of the file that it came from (the first, if several), with and without the header
	Person    string // its userId or anonymousId
	MessageID string
	Body      json.RawMessage
	Money     Money // that it moves
}

// Money is what an order event moves. An amount without a currency is in the shop's own, read as hundredths.
type Money struct {
	Amount money.Amount
	Refund bool // it is given back
}

// Refusal is a line that makes no event, and why.
type Refusal struct {
	Line   int    // in the file, as an editor counts
	Row    int    // the same without the header
	Column string // as the header names it; empty where the reason names it, or is about the whole line
	Cell   string // what stands there, where that helps
	Reason string
}

// String names the line in both ways where they differ, the column and what stands in it.
func (r Refusal) String() string {
	text := fmt.Sprintf("line %d", r.Line)
	if r.Row != r.Line && r.Row != 0 {
		text += fmt.Sprintf(" (row %d below the header)", r.Row)
	}
	text += ": " + r.Why()
	if r.Cell != "" {
		text += fmt.Sprintf(" (there stands %q)", r.Cell)
	}
	return text
}

// Why is the column and the reason: what several refused lines may have in common.
func (r Refusal) Why() string {
	if r.Column == "" {
		return r.Reason
	}
	return r.Column + " " + r.Reason
}

// Sink takes what a file holds. Event may return an error to stop the reading.
type Sink struct {
	Event  func(Event) error
	Refuse func(Refusal)
	// Line is told how many lines have been read, the header left out.
	Line func(n int)
	// Note is told once how the file is taken where that was guessed; nil: nobody is.
	Note func(text string)
}

// unpack recognises gzip by its first two bytes, whatever the file is called.
func unpack(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	head, err := b.Peek(2)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if len(head) == 0 {
		return nil, fmt.Errorf("the file is empty")
	}
	if !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return b, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, broken(err)
	}
	return packed{z}, nil
}

// packed is a gzip file that says in plain words what is wrong with it.
type packed struct{ from io.Reader }

func (p packed) Read(b []byte) (int, error) {
	n, err := p.from.Read(b)
	return n, broken(err)
}

func broken(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it begins as gzip and ends too early: the file is torn, or no gzip")
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return errors.New("it begins as gzip and goes on as something else: the file is damaged, or no gzip")
	}
	return err
}

// maxLine bounds one line of a file: more than twice what an event may be.
const maxLine = 1 << 17

// lines calls each with the lines of a text, numbered from 1, without their ends. A line over maxLine is passed as nil.
func lines(r io.Reader, each func(number int, line []byte) error) error {
	b := bufio.NewReaderSize(r, maxLine)
	for number := 1; ; number++ {
		line, err := b.ReadSlice('\n')
		long := false
		for err == bufio.ErrBufferFull {
			long = true
			_, err = b.ReadSlice('\n')
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("reading line %d: %w", number, err)
		}
		if len(line) > 0 || long {
			line = bytes.TrimRight(line, "\r\n")
			if long {
				line = nil
			}
			if err := each(number, line); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// digest is a stable name of some text: 22 characters.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// track is the wire form of a track call as the readers build it. Numbers are json.Number so that a file's decimals go out
// digit by digit.
type track struct {
	Type       string    `json:"type"`
	MessageID  string    `json:"messageId"`
	UserID     string    `json:"userId"`
	Event      string    `json:"event"`
	Timestamp  time.Time `json:"timestamp"`
	Properties any       `json:"properties"`
}

func (t track) event(line, row int) (Event, error) {
	t.Type = "track"
	body, err := json.Marshal(t)
	if err != nil {
		return Event{}, fmt.Errorf("writing the event of line %d: %w", line, err)
	}
	e := Event{Line: line, Row: row, Person: t.UserID, MessageID: t.MessageID, Body: body}
	if o, is := t.Properties.(order); is {
		currency := money.Currency(o.Currency)
		amount, err := money.ParseDecimal(o.Total.String(), cmp.Or(currency, hundredths))
		if err != nil {
			return Event{}, fmt.Errorf("summing up the order of line %d: %w", line, err)
		}
		e.Money = Money{money.Amount{Minor: amount.Minor, Currency: currency}, t.Event == event.OrderRefunded}
	}
	return e, nil
}

// order holds the properties of Order Completed and Order Refunded.
type order struct {
	OrderID  string      `json:"order_id"`
	Total    json.Number `json:"total"`
	Currency string      `json:"currency,omitempty"`
	Discount json.Number `json:"discount,omitempty"`
	Coupons  json.Number `json:"coupon_discount,omitempty"`
	Store    string      `json:"store_id,omitempty"`
	Country  string      `json:"country,omitempty"`
	Session  string      `json:"session_id,omitempty"`
	Products []product   `json:"products,omitempty"`
}

// product is a line of an order, or the properties of an event about one product.
type product struct {
	ProductID  string      `json:"product_id"`
	CategoryID string      `json:"category_id,omitempty"`
	Category   string      `json:"category,omitempty"`
	Name       string      `json:"name,omitempty"`
	Brand      string      `json:"brand,omitempty"`
	Price      json.Number `json:"price,omitempty"`
	Quantity   json.Number `json:"quantity,omitempty"`
	LineTotal  json.Number `json:"line_total,omitempty"`
	Currency   string      `json:"currency,omitempty"`
	Session    string      `json:"session_id,omitempty"`
}

// hundredths stands for any currency of two decimals: what the amounts of these files are written in.
const hundredths = money.Currency("USD")

// joined is one refusal of a line for all its faults.
func joined(all []*Refusal) *Refusal {
	first := *all[0]
	for _, more := range all[1:] {
		first.Reason += "; " + more.Why()
		first.Cell = ""
	}
	return &first
}
