import { XMLParser } from 'fast-xml-parser';
import { RdsError } from '../../../../../world/rds/protocol/rds-error';
import { answerXml, errorXml, xmlList } from '../../../../../world/rds/protocol/xml';

const parse = (xml: string) => new XMLParser().parse(xml) as Record<string, unknown>;

describe('answers in XML', () => {
  it('escapes what the caller chose', () => {
    const xml = answerXml('ListTagsForResource', { TagList: xmlList('Tag', [{ Key: 'a<b>&"c', Value: ']]>' }]) }, 'r1');
    expect(parse(xml)['ListTagsForResourceResponse']).toMatchObject({
      ListTagsForResourceResult: { TagList: { Tag: { Key: 'a<b>&"c', Value: ']]>' } } },
      ResponseMetadata: { RequestId: 'r1' },
    });
  });

  it('leaves out what is undefined and keeps an empty list', () => {
    const xml = answerXml('DescribeDBInstances', { DBInstances: xmlList('DBInstance', []), Marker: undefined }, 'r');
    expect(xml).toContain('<DBInstances></DBInstances>');
    expect(xml).not.toContain('Marker');
  });

  it('writes no result element for an action that only acknowledges', () => {
    expect(answerXml('AddTagsToResource', undefined, 'r')).not.toContain('AddTagsToResourceResult');
  });

  it('writes errors in the form of AWS, with the blame', () => {
    expect(parse(errorXml(new RdsError('DBInstanceNotFound', 'DBInstance x not found.'), 'r'))).toMatchObject({
      ErrorResponse: { Error: { Type: 'Sender', Code: 'DBInstanceNotFound', Message: 'DBInstance x not found.' } },
    });
    expect(errorXml(new RdsError('InternalFailure', 'x'), 'r')).toContain('<Type>Receiver</Type>');
  });

  it('replaces control characters in messages, which XML cannot hold', () => {
    expect(errorXml(new RdsError('InvalidAction', 'a\u0000b\u001b[31m'), 'r')).toContain('<Message>a?b?[31m</Message>');
  });
});
