"""Every endpoint: one file per module, its handlers and then its routes."""

from handlers import branding_approval, docs, files, freelance, home, live, permit, sales
from handlers.assets import assignments, config, inventory, maintenance, reservations, tracking
from handlers.attendance import check_in, records, report
from handlers.cms import ads, blog, careers, department_pages, drop_points, trainings, vacancies
from handlers.employees import departments, employees, placements, positions, shifts
from handlers.fleet import driver_auth, drivers, locations, vehicles
from handlers.leave import balance, holidays, requests
from handlers.leave import calendar_feed as leave_calendar
from handlers.meeting_rooms import calendar_feed as meeting_room_calendar
from handlers.meeting_rooms import rooms, schedule
from handlers.mitra import documents, partners
from handlers.onapps import redemptions, settings, vouchers
from handlers.tickets import closing, comments, tickets
from handlers.users import accounts, audit_trail, sessions, sign_ins
from sunshine.web.routes import RouteTable

MODULES = (
    home,
    docs,
    sessions,
    sign_ins,
    accounts,
    employees,
    departments,
    positions,
    shifts,
    placements,
    records,
    check_in,
    report,
    branding_approval,
    config,
    inventory,
    assignments,
    tracking,
    maintenance,
    reservations,
    driver_auth,
    drivers,
    vehicles,
    locations,
    sales,
    freelance,
    settings,
    vouchers,
    redemptions,
    tickets,
    comments,
    closing,
    requests,
    balance,
    holidays,
    rooms,
    schedule,
    meeting_room_calendar,
    audit_trail,
    live,
    files,
    permit,
    leave_calendar,
    blog,
    ads,
    trainings,
    careers,
    vacancies,
    department_pages,
    drop_points,
    partners,
    documents,
)

routes = RouteTable(route for module in MODULES for route in module.routes)
