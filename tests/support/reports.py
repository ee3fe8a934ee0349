"""Reports for tests: valid by default, one word away from any other."""

import dataclasses
import datetime as dt

from databroker.delivery import Centre, Counts, Delivery, DeliveryId, Kind, Source, Status
from databroker.findings import Finding
from databroker.report.summary import Report

RECEIVED = dt.datetime(2026, 11, 22, 7, 14, 3, tzinfo=dt.UTC)


def a_delivery(**changes):
    delivery = Delivery(
        delivery_id=DeliveryId("MCX-20261122-0123456789abcdef"),
        centre=Centre("MCX"),
        dataset="pmicd-interventie",
        dataset_version=None,
        kind=Kind.PRODUCTION,
        file_name="kwartaal 3.csv",
        source=Source("inbox", "epd/MCX/pmicd-interventie/productie/kwartaal 3.csv", "e", 1),
        received_at=RECEIVED,
    )
    return dataclasses.replace(delivery, **changes)


def a_finding(code="F-001", **changes):
    finding = Finding(
        code=code,
        message="Lengte: verplicht veld is leeg.",
        fix="Vul het veld.",
        row=2,
        interv_nr="MCX-100001",
        field="lengte",
    )
    return dataclasses.replace(finding, **changes)


def a_report(**changes):
    report = Report(
        delivery=a_delivery(),
        dataset_label="PM/ICD Interventie",
        dataset_version="22.2",
        sha256="ab" * 32,
        finished_at=RECEIVED + dt.timedelta(seconds=9),
        status=Status.PROCESSED,
        counts=Counts(records=1, accepted=1, new=1),
    )
    return dataclasses.replace(report, **changes)
