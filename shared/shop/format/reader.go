package format

import (
	"fmt"
	"io"
	"strings"

	"github.com/userops/userops/shared/domain/money"
)

var readers = map[Format]func(io.Reader, Options, Sink) error{
	CompleteJourney: inCurrency(readCompleteJourney),
	CDNOW:           inCurrency(readCDNOW),
	OnlineRetail:    inCurrency(readOnlineRetail),
	REES46:          inCurrency(readREES46),
	Segment:         inCurrency(readSegment),
	CSV:             readCSV,
	Shopify:         readShopify,
	WooCommerce:     readWooCommerce,
}

// inCurrency is a reader whose layout leaves nothing open but the currency.
func inCurrency(read func(io.Reader, money.Currency, Sink) error) func(io.Reader, Options, Sink) error {
	return func(r io.Reader, o Options, sink Sink) error { return read(r, o.Currency, sink) }
}

// Read reads a file, packed by gzip or not, to its end. The amounts of orders go out in the currency given; with none they name
// no currency, which means the shop's own. The error is about the file as a whole: it cannot be read or has another layout; a
// single bad line goes to the sink.
func Read(f Format, r io.Reader, o Options, sink Sink) error {
	read, ok := readers[f]
	if !ok {
		return fmt.Errorf("there is no format %q: use one of %s", f, Formats())
	}
	plain, err := unpack(r)
	if err != nil {
		return err
	}
	return read(plain, o, sink)
}

// Parse reads a layout's name.
func Parse(s string) (Format, error) {
	f := Format(strings.ToLower(strings.TrimSpace(s)))
	if f == "segment ndjson" || f == "segment-ndjson" || f == "ndjson" {
		f = Segment
	}
	if _, ok := readers[f]; !ok {
		return "", fmt.Errorf("there is no format %q: use one of %s", s, Formats())
	}
	return f, nil
}
